// What Continue's own package makes of a config.yaml, for test_clients.py: texts as JSON on stdin.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const entry = join(process.argv[2], "@continuedev", "config-yaml", "dist", "index.js");
const { parseConfigYaml, validateConfigYaml } = await import(pathToFileURL(entry));

function attempted(text) {
  try {
    const config = parseConfigYaml(text);
    return { read: config, complaints: validateConfigYaml(config).map(({ message }) => message) };
  } catch (error) {
    return { refused: String(error.message ?? error) };
  }
}

const texts = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(texts.map(attempted)));
