// Makes one C++ file of a page: page.html with the style and a script (libraries included) put inside, as a string.
//   node bundle.mjs NODE_MODULES page.js kPageTemplate kPageTemplate.cc
// The licences of the libraries that went in stand in the page, as their authors ask.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [script, constant] = process.argv.slice(3);
const [modules, output] = [process.argv[2], process.argv[5]].map((path) => resolve(path));
const here = dirname(fileURLToPath(import.meta.url));
const esbuild = createRequire(join(modules, "/"))("esbuild");

const { outputFiles, metafile } = await esbuild.build({
  entryPoints: [join(here, script)],
  outdir: "/",
  absWorkingDir: here,
  nodePaths: [modules],
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  format: "iife",
  target: "es2020",
  charset: "ascii",
  legalComments: "none",
});
const made = (ending) => outputFiles.find((file) => file.path.endsWith(ending)).text.trim();

const packages = new Set(
  Object.keys(metafile.inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]),
);
packages.delete(undefined);
const texts = new Map(); // licence text -> packages under it
for (const name of [...packages].sort()) {
  const file = readdirSync(join(modules, name)).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} has no licence file`);
  const text = readFileSync(join(modules, name, file), "utf8")
    .trim()
    .replaceAll("-->", "->");
  texts.set(text, [...(texts.get(text) ?? []), name]);
}
const licences = [...texts].map(([text, names]) => `${names.join(", ")}\n\n${text}`).join("\n\n");

const page = readFileSync(join(here, "page.html"), "utf8")
  .replace("{{style}}", () => made(".css"))
  .replace("{{script}}", () => made(".js"))
  .replace("{{licences}}", () => licences || "none");
if (page.includes(')page"')) throw new Error('the page holds the end mark of its C++ string, )page"');
// A string literal of a sensible length each; adjacent literals are one string.
const pieces = page.match(/[^]{1,8000}/g).map((piece) => `R"page(${piece})page"`);
writeFileSync(
  output,
  `#include "report/page_template.h"

namespace shoehorn::report {

const std::string_view ${constant} =
${pieces.join("\n")};

}  // namespace shoehorn::report
`,
);
