// Answers one JSON line per JSON line: what the editor makes of a text, and what it writes of a document.
import readline from "node:readline";
import { Node } from "prosemirror-model";
import { read, schema, write } from "../../portal/editor/markdown.js";

function answer({ text, doc }) {
  if (doc) {
    const made = Node.fromJSON(schema, doc);
    made.check();
    const written = write(made);
    const again = read(written);
    return { written, doc: made.toJSON(), again: again?.toJSON() ?? null };
  }
  const found = read(text);
  let raw = 0;
  found?.descendants((node) => { raw += node.type.name === "raw"; });
  return { isShown: Boolean(found), written: found ? write(found) : null, raw };
}

for await (const line of readline.createInterface({ input: process.stdin })) console.log(JSON.stringify(answer(JSON.parse(line))));
