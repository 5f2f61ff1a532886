// The places of open remarks in the visual editor: their words are marked, and stay so while the text around them changes.
// The words are found by their letters, as the review does; words that cannot be found are still listed below the text.
import { Plugin } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";

const LETTER = /[\p{L}\p{N}]/u;

function lettersOf(words) {
  return [...words].filter((one) => LETTER.test(one)).map((one) => one.toLowerCase()).join("");
}

/** All letters of a document as one text, and for each the place where it stands. */
function written(doc) {
  const places = [];
  let text = "";
  doc.descendants((node, place) => {
    if (!node.isText) return;
    for (let index = 0; index < node.text.length; index += 1) {
      const letter = lettersOf(node.text[index]);
      text += letter;
      for (let count = 0; count < letter.length; count += 1) places.push(place + index);
    }
  });
  return { text, places };
}

function nearest(text, words, near) {
  let best = -1;
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    if (best < 0 || Math.abs(at - near) < Math.abs(best - near)) best = at;
  }
  return best;
}

/** Where the words of the remarks stand in `doc`: `{from, to, label}`; without those that are not found. */
export function placesIn(doc, remarks) {
  const { text, places } = written(doc);
  return remarks.flatMap(({ words, near, label }) => {
    const wanted = lettersOf(words);
    const at = wanted ? nearest(text, wanted, near) : -1;
    return at < 0 ? [] : [{ from: places[at], to: places[at + wanted.length - 1] + 1, label }];
  });
}

/** The plugin that marks them. */
export function showing(remarks) {
  return new Plugin({
    state: {
      init: (config, { doc }) => DecorationSet.create(doc, placesIn(doc, remarks).map(
        ({ from, to, label }) => Decoration.inline(from, to, { nodeName: "mark", title: label }),
      )),
      apply: (tr, shown) => shown.map(tr.mapping, tr.doc),
    },
    props: { decorations(state) { return this.getState(state); } },
  });
}
