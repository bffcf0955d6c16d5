// What an export proves, down from the authority's key: as `core/protocol/src/case_export.rs`.
import { Refused, decode, includes, open, peek, sha256, thumbprint } from './signed.mjs';

const operations = (catalog) => [catalog.operations, ...(catalog.rotation?.operations ?? [])];

// Catalogs that an authority signed which this one knows, also through those that handed over.
const trusted = (held, authority) => {
  const authorities = new Set([authority]);
  for (;;) {
    const known = authorities.size;
    const signed = (held.catalogs ?? []).flatMap((jws) => [...authorities].map((key) => open('catalog', key, jws)).filter(Boolean).slice(0, 1));
    for (const catalog of signed) for (const key of catalog.rotation?.authorities ?? []) authorities.add(key);
    if (authorities.size === known) return { authorities: [...authorities], catalogs: signed };
  }
};

const chain = (authority, { grant, binding, possession }) => {
  const card = open('grant', authority, grant);
  const keys = card && open('device', card.card, binding);
  const possessed = keys && [keys.record_key, keys.transport_key].every((key, at) => open('device', key, possession[at])?.binding === sha256(binding));
  return possessed && keys.device === card.device ? [{ card, key: keys.record_key }] : [];
};

// SHA-256 of each record that the server's log is proven to hold under this code.
const inLog = (held, keys) => {
  const parcel = keys.map((key) => open('parcel', key, held.proof)).find(Boolean);
  if (!parcel || parcel.answers !== sha256(held.code)) return { log: new Set() };
  const texts = (parcel.leaves ?? []).filter((leaf) => includes(parcel.head, leaf)).map((leaf) => leaf.text.split('\n'));
  const bundles = texts.filter(([first]) => first.startsWith('tabara-leaf 2 bundle '));
  return { log: new Set(bundles.flatMap(([, ...lines]) => lines.filter(Boolean).map((line) => line.split(' ')[0]))), asOf: parcel.time };
};

export const trust = (held, authority) => {
  const { authorities, catalogs } = trusted(held, authority);
  const newest = catalogs.reduce((best, catalog) => (best && best.version >= catalog.version ? best : catalog), undefined);
  const phones = (held.chains ?? []).flatMap((one) => authorities.flatMap((key) => chain(key, one)).slice(0, 1));
  return {
    ...inLog(held, catalogs.flatMap(operations)),
    phones: new Map(phones.map((phone) => [thumbprint(phone.key), phone])),
    reviewers: new Map(catalogs.flatMap((catalog) => catalog.reviewers ?? []).map((one) => [thumbprint(one.key), one])),
    revoked: new Set(newest?.revoked ?? []),
    recipients: newest?.recipients ?? [],
  };
};

// Whom a file says that it is for, if nobody checks who says so.
export const namedRecipients = (held) => {
  try {
    return peek(held.catalogs.at(-1)).payload.recipients;
  } catch {
    return [];
  }
};

const author = (known, jws) => {
  const { kid } = peek(jws).header;
  const phone = known.phones.get(kid);
  const reviewer = known.reviewers.get(kid);
  if (!phone && !reviewer) throw new Refused('unproven-author');
  const record = phone ? open('record', phone.key, jws) : open('review', reviewer.key, jws);
  if (!record) throw new Refused('unproven-changed');
  if (!phone && record.kind !== 'review') throw new Refused('unproven-author');
  return { record, author: phone ? { phone: phone.card, revoked: known.revoked.has(phone.card.device) } : { reviewer: reviewer.name } };
};

// Who signed an entry and what it says; refuses what is not proven. Without trust nothing is checked, and nobody is named.
export const check = (held, entry, known) => {
  if (known && !known.log.has(entry.jws)) throw new Refused('unproven-log');
  const { sent } = entry;
  if (!sent) return {};
  const { record, author: by } = known ? author(known, sent.jws) : { record: peek(sent.jws).payload };
  const sealed = sent.sealed === undefined ? undefined : decode(sent.sealed);
  const hash = sealed && sha256(sealed);
  const whole = hash === record.sealed?.sha256 || (!sealed && entry.taken_back);
  const ofThisPerson = record.code === held.code || held.entries.some((other) => other.record === record.revises);
  const received = entry.jws === sha256(sent.jws);
  if (!whole || (known && !(record.record === entry.record && ofThisPerson && received))) throw new Refused('unproven-moved');
  return { record, author: by, sealed };
};
