// From files to what is shown. Nothing is shown of a file of which one entry fails.
import { Refused, decode, isKey, sha256 } from './signed.mjs';
import { check, namedRecipients, trust } from './trust.mjs';
import { identity, unlocked, unseal } from './sealed.mjs';

const parse = (bytes, id) => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Refused(id);
  }
};

// `authority`: the public key in which all trust begins; `unverified`: show it although nobody can tell who wrote it.
export async function openCase({ file, key, passphrase, authority, unverified, forms }) {
  if (!unverified && !isKey(authority)) throw new Refused('no-authority');
  const held = parse(await unlocked(file, passphrase), 'no-export');
  if (!Array.isArray(held.entries) || typeof held.code !== 'string') throw new Refused('no-export');
  const known = unverified ? undefined : trust(held, authority);
  const words = new Map(forms.map((bytes) => [sha256(bytes), parse(bytes, 'no-form')]));
  const secret = await identity(key, passphrase);
  const shown = [];
  for (const entry of held.entries) {
    const checked = check(held, entry, known);
    const copies = (held.copies ?? []).filter((copy) => copy.record === entry.record).map((copy) => decode(copy.key));
    const told = checked.sealed && await unseal(checked.sealed, secret, copies).catch((error) => {
      const recipients = (known?.recipients ?? namedRecipients(held)).filter((one) => one.role !== 'intake');
      throw error.message === 'wrong-key' ? new Refused('wrong-key', { names: recipients.map((one) => one.name).join(', ') || '?' }) : error;
    });
    const same = (name) => JSON.stringify(told[name]) === JSON.stringify(checked.record[name]);
    if (told && !(told.record === checked.record.record && told.case === checked.record.case
      && told.questionnaire.sha256 === checked.record.questionnaire.sha256 && same('questionnaire'))) throw new Refused('unproven-moved');
    shown.push({ entry, ...checked, told, form: told && words.get(told.questionnaire.sha256) });
  }
  return { code: held.code, verified: Boolean(known), asOf: known?.asOf, shown };
}
