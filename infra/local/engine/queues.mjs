// Serves SQS, SNS and S3 on a free port of 127.0.0.1 and prints the address. fauxqs's own command listens on every
// address of the machine.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const modules = process.argv.at(-1);
const { buildApp } = await import(pathToFileURL(join(modules, "fauxqs", "dist", "app.js")));
const app = buildApp({ logger: false });
console.log(await app.listen({ host: "127.0.0.1", port: 0 }));
process.on("SIGTERM", () => app.close().then(() => process.exit(0)));
