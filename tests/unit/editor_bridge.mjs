// Answers one JSON line per JSON line: what the editor makes of a text, what it writes of a document, and what of a text
// whose tables somebody typed in.
import readline from "node:readline";
import { Node } from "prosemirror-model";
import { EditorState } from "prosemirror-state";
import { read, schema, write } from "../../portal/editor/markdown.js";

function typedIn(doc, words) {
  const state = EditorState.create({ doc });
  const places = [];
  doc.descendants((node, place) => { if (node.type.spec.tableRole?.endsWith("cell")) places.push(place + node.nodeSize - 1); });
  return write(places.reverse().reduce((tr, place) => tr.insertText(words, place), state.tr).doc);
}

function answer({ text, doc, typed }) {
  if (typed) return { written: typedIn(read(text), typed) };
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
