// What the test programs have in common: where to send to, and what.
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

// -url and -key, as the programs in Go have them.
const { values } = parseArgs({
  args: process.argv.slice(2).map((a) => a.replace(/^-(?!-)/, '--')),
  options: { url: { type: 'string' }, key: { type: 'string' } },
});

export const url = values.url;
export const key = values.key;

// calls reads the calls of the tracking API that stand on the standard input, one JSON object a line.
export async function calls() {
  return (await text(process.stdin)).split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

// end tells what came of it, and how many calls the library gave up.
export function end(sent, failures) {
  if (failures.length > 0) {
    console.error(`${failures.length} of ${sent} calls were given up: ${failures[0]}`);
    process.exit(1);
  }
  console.log(`${sent} calls delivered`);
  process.exit(0);
}
