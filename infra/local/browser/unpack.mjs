// Unpacks the browser of @sparticuz/chromium: node unpack.mjs PACKAGE FOLDER. The libraries that its archive for Amazon
// Linux brings stand in for those that the system lacks. The command is written last: where it is, all is unpacked.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';

const [from, to] = process.argv.slice(-2);
const { extract } = createRequire(join(from, 'package.json'))('tar-fs');
const unpack = (name, target) => pipeline(createReadStream(join(from, 'bin', name)), createBrotliDecompress(), target);

await rm(to, { recursive: true, force: true });
await mkdir(to, { recursive: true });
await Promise.all([
  unpack('chromium.br', createWriteStream(join(to, 'chromium'), { mode: 0o755 })),
  unpack('swiftshader.tar.br', extract(to)),
  unpack('al2023.tar.br', extract(to)),
]);
const command = `#!/bin/sh
here=$(dirname "$0")
LD_LIBRARY_PATH="\${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/lib" exec "$here/chromium" "$@"
`;
await writeFile(join(to, 'chromium.sh'), command, { mode: 0o755 });
