// Envelopes (JWS with Ed25519), digests and the Merkle tree, as `core/protocol` has them: envelope.rs, tree.rs.
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 as digest } from '@noble/hashes/sha2.js';

const utf8 = new TextEncoder();

export class Refused extends Error {
  // `id` is the id of a text of the page.
  constructor(id, args = {}) {
    super(id);
    this.args = args;
  }
}

export const encode = (bytes) => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
};

// base64url without padding, in its one spelling.
export const decode = (text) => {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text)) throw new Refused('damaged');
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  if (encode(bytes) !== text) throw new Refused('damaged');
  return bytes;
};

export const sha256 = (data) => encode(digest(typeof data === 'string' ? utf8.encode(data) : data));

// RFC 7638 thumbprint of a public key.
export const thumbprint = (key) => sha256(`{"crv":"Ed25519","kty":"OKP","x":"${key}"}`);

export const isKey = (text) => {
  try {
    return decode(text).length === 32;
  } catch {
    return false;
  }
};

const json = (part) => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(decode(part)));

// Header and payload of an envelope of which nothing is checked.
export const peek = (jws) => {
  const parts = String(jws).split('.');
  if (parts.length !== 3) throw new Refused('damaged');
  return { header: json(parts[0]), payload: json(parts[1]) };
};

// The payload, if this key signed the envelope as one of this kind; else nothing.
export const open = (typ, key, jws) => {
  try {
    const { header, payload } = peek(jws);
    const end = jws.lastIndexOf('.');
    const named = header.alg === 'Ed25519' && header.typ === `tabara-${typ}` && header.kid === thumbprint(key);
    const signed = named && ed25519.verify(decode(jws.slice(end + 1)), utf8.encode(jws.slice(0, end)), decode(key), { zip215: false });
    return signed ? payload : undefined;
  } catch {
    return undefined;
  }
};

const join = (prefix, ...parts) => {
  const all = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0));
  all[0] = prefix;
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 1);
  return digest(all);
};

// Whether a leaf stands under a head (RFC 9162, section 2.1.3.2).
export const includes = (head, leaf) => {
  let [at, last, hash] = [BigInt(leaf.index), BigInt(head.size) - 1n, join(0, utf8.encode(leaf.text))];
  if (at > last || leaf.proof.length > 64) return false;
  for (const text of leaf.proof) {
    const beside = decode(text);
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      hash = join(1, beside, hash);
      while (!(at & 1n) && at !== 0n) [at, last] = [at >> 1n, last >> 1n];
    } else {
      hash = join(1, hash, beside);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n && encode(hash) === head.root;
};
