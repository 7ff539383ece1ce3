// Read contract/asyncapi.yaml with AsyncAPI's own parser, and hold every example against the schema that it read: those
// in the document and the vectors in contract/examples. Exit status 1 when there is an error.
//
//     npm install --no-save --prefix FOLDER @asyncapi/parser && NODE_PATH=FOLDER/node_modules node scripts/asyncapi.mjs
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.NODE_PATH}/`);
const { Parser } = require("@asyncapi/parser");
const Ajv = require("ajv");
const contract = new URL("../contract/", import.meta.url);
const { document, diagnostics } = await new Parser().parse(readFileSync(new URL("asyncapi.yaml", contract), "utf-8"));
const errors = diagnostics.filter(({ severity }) => severity === 0).map(({ message, path }) => `${path.join(".")}: ${message}`);

// The formats (uuid, date-time) are the Python validator's business; here it is the shape as another program reads it.
const ajv = new (Ajv.default ?? Ajv)({ strict: false, validateFormats: false });
const checks = new Map();
let held = 0;
for (const message of document ? document.messages().all() : []) {
  const name = (message.name() ?? message.id()).split("/")[0];
  checks.set(name, ajv.compile(message.payload().json()));
  for (const example of message.examples().all()) hold(name, example.payload(), "in the document");
}
for (const file of readdirSync(new URL("examples/", contract)).filter((name) => name.endsWith(".json"))) {
  hold(file.replace(/-\d+\.json$/, ""), JSON.parse(readFileSync(new URL(`examples/${file}`, contract), "utf-8")), file);
}

function hold(name, example, where) {
  const check = checks.get(name);
  held += 1;
  if (!check) errors.push(`${name}: no message of this name (${where})`);
  else if (!check(example)) errors.push(`${name} (${where}): ${ajv.errorsText(check.errors)}`);
}

for (const error of errors) console.log(error);
if (!document || errors.length) process.exit(1);
console.log(`${document.channels().length} channels, ${document.messages().length} messages, ${held} examples, no error`);
