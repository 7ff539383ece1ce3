// Read contract/asyncapi.yaml with AsyncAPI's own parser; exit status 1 when it finds an error.
//
//     npm install --no-save --prefix FOLDER @asyncapi/parser && NODE_PATH=FOLDER/node_modules node scripts/asyncapi.mjs
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { Parser } = createRequire(`${process.env.NODE_PATH}/`)("@asyncapi/parser");
const source = readFileSync(new URL("../contract/asyncapi.yaml", import.meta.url), "utf-8");
const { document, diagnostics } = await new Parser().parse(source);
const errors = diagnostics.filter(({ severity }) => severity === 0);
for (const { message, path } of errors) console.log(`${path.join(".")}: ${message}`);
if (!document || errors.length) process.exit(1);
console.log(`${document.channels().length} channels, ${document.messages().length} messages, no error`);
