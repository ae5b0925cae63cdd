// What LM Studio's own SDK makes of its load settings, for test_lm_studio_sdk.py: JSON on stdin and on stdout.
// The schema of the file is in the package but not among its exports, so it is given one here.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const Module = require("node:module");

const WANTED = [
  "llmLlamaMoeLoadConfigSchematics",
  "llmLoadModelConfigSchema",
  "llmLoadModelConfigToKVConfig",
];

// Colours, sockets and tool descriptions, which reading settings does not need.
const blank = new Proxy(function () {}, { get: () => blank, apply: (_, __, words) => words[0] });
const LEFT_OUT = new Set(["chalk", "@lmstudio/lms-isomorphic", "zod-to-json-schema"]);

function sdk(modules) {
  const file = path.join(modules, "@lmstudio", "sdk", "dist", "index.cjs");
  const load = Module._load;
  Module._load = (name, ...rest) => (LEFT_OUT.has(name) ? blank : load(name, ...rest));
  const found = new Module(file);
  found.filename = file;
  found.paths = [modules];
  const exported = WANTED.map((name) => `exports.${name} = ${name};`).join("\n");
  found._compile(`${fs.readFileSync(file, "utf8")}\n${exported}`, file);
  return found.exports;
}

function attempted(read) {
  try {
    return { read: read() };
  } catch (error) {
    return { refused: String(error.message ?? error) };
  }
}

const { llmLlamaMoeLoadConfigSchematics: file, ...config } = sdk(process.argv[2]);
const known = new Set(file.getFieldsMap().keys());

// Unknown words are passed over by both, so they are counted: nothing may be lost.
function fields(said) {
  file.parsePartial({ fields: said });
  return { unknown: said.map(({ key }) => key).filter((key) => !known.has(key)) };
}

function load(said) {
  const understood = config.llmLoadModelConfigSchema.parse(said);
  return { understood, fields: config.llmLoadModelConfigToKVConfig(understood).fields };
}

const questions = JSON.parse(fs.readFileSync(0, "utf8"));
const answers = questions.map(({ fields: said, config: word }) =>
  attempted(() => (said ? fields(said) : load(word))),
);
process.stdout.write(JSON.stringify(answers));
