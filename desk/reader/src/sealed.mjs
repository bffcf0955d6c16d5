// Keys and sealed cases: as `desk/src/keys.rs` and `core/protocol/src/seal.rs`.
import { Decrypter } from 'age-encryption';
import { inflateSync } from 'fflate';
import { Refused } from './signed.mjs';

const MAGIC = 'age-encryption.org/';
const MOST = 8 << 20;
const text = (bytes) => new TextDecoder().decode(bytes);
export const isAge = (bytes) => text(bytes.subarray(0, MAGIC.length)) === MAGIC;

// A passphrase as it was meant: other keyboards compose letters in another way.
const meant = (typed) => typed.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '').normalize('NFKC');

async function withPassphrase(bytes, typed) {
  for (const passphrase of new Set([meant(typed), typed])) {
    const decrypter = new Decrypter();
    decrypter.addPassphrase(passphrase);
    try {
      return await decrypter.decrypt(bytes, 'uint8array');
    } catch { /* the other spelling, or the message below */ }
  }
  throw new Refused('wrong-passphrase');
}

// The identity in a key file, which may be locked by a passphrase.
export async function identity(bytes, passphrase) {
  const plain = isAge(bytes) ? await withPassphrase(bytes, passphrase) : bytes;
  const line = text(plain).split('\n').map((one) => one.trim()).find((one) => one && !one.startsWith('#'));
  if (!/^AGE-SECRET-KEY-1[0-9A-Z]+$/.test(line ?? '')) throw new Refused('no-key');
  return line;
}

// A file that may be locked by a passphrase as a whole.
export const unlocked = (bytes, passphrase) => (isAge(bytes) ? withPassphrase(bytes, passphrase) : bytes);

async function opened(bytes, key) {
  const decrypter = new Decrypter();
  try {
    decrypter.addIdentity(key);
  } catch {
    throw new Refused('no-key');
  }
  try {
    return await decrypter.decrypt(bytes, 'uint8array');
  } catch (error) {
    throw new Refused(/no identity matched/.test(error.message) ? 'wrong-key' : 'damaged');
  }
}

// The case in sealed bytes; `copies`: its key, locked to people to whom nobody sealed it.
export async function unseal(bytes, key, copies) {
  const packed = await opened(bytes, key).catch(async (error) => {
    for (const copy of copies) {
      const fileKey = await opened(copy, key).catch(() => undefined);
      if (fileKey) return opened(bytes, { unwrapFileKey: () => fileKey });
    }
    throw error;
  });
  try {
    const plain = inflateSync(packed);
    if (plain.length > MOST) throw new Refused('damaged');
    return JSON.parse(text(plain));
  } catch {
    throw new Refused('damaged');
  }
}
