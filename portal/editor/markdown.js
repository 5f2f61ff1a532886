// The portal's Markdown as a document that can be edited, and back, without loss.
//
// A text is cut at blank lines. A piece that comes back letter by letter is shown as what it means; any other piece (HTML,
// code …) is shown as its source and goes through untouched. Where even that does not give back the
// text, `read` answers null and the plain text area stays.
import MarkdownIt from "markdown-it";
import { MarkdownParser, MarkdownSerializerState, defaultMarkdownSerializer } from "prosemirror-markdown";
import { Fragment, Schema } from "prosemirror-model";
import { readTable, tableNodes, tableTokens, writtenTable } from "./table_nodes.js";

export const schema = new Schema({
  nodes: {
    doc: { content: "(block | table)+" },
    paragraph: { content: "inline*", group: "block", parseDOM: [{ tag: "p" }], toDOM: () => ["p", 0] },
    heading: {
      attrs: { level: { default: 1 } }, content: "inline*", group: "block", defining: true,
      parseDOM: [1, 2, 3, 4].map((level) => ({ tag: `h${level}`, attrs: { level } })),
      toDOM: (node) => [`h${Math.min(node.attrs.level + 2, 6)}`, 0],
    },
    blockquote: { content: "block+", group: "block", defining: true, parseDOM: [{ tag: "blockquote" }], toDOM: () => ["blockquote", 0] },
    bullet_list: {
      attrs: { tight: { default: true }, bullet: { default: "-" } }, content: "list_item+", group: "block",
      parseDOM: [{ tag: "ul" }], toDOM: () => ["ul", 0],
    },
    ordered_list: {
      attrs: { tight: { default: true }, order: { default: 1 } }, content: "list_item+", group: "block",
      parseDOM: [{ tag: "ol", getAttrs: (dom) => ({ order: dom.hasAttribute("start") ? +dom.getAttribute("start") : 1 }) }],
      toDOM: (node) => (node.attrs.order === 1 ? ["ol", 0] : ["ol", { start: node.attrs.order }, 0]),
    },
    list_item: { content: "paragraph block*", defining: true, parseDOM: [{ tag: "li" }], toDOM: () => ["li", 0] },
    raw: {
      content: "text*", group: "block", marks: "", code: true, defining: true,
      parseDOM: [{ tag: "pre", preserveWhitespace: "full" }], toDOM: () => ["pre", { "aria-label": "Markdown-Quelltext", role: "group" }, 0],
    },
    ...tableNodes,
    text: { group: "inline" },
    figure: {
      group: "block", atom: true, draggable: true, attrs: { alt: {}, src: {}, title: { default: "" } },
      parseDOM: [{ tag: "figure[data-src]", getAttrs: (dom) => ({ alt: dom.dataset.alt, src: dom.dataset.src, title: dom.dataset.title }) }],
      toDOM: ({ attrs }) => {
        const [caption, credit] = attrs.title.split("|").map((part) => part.trim());
        const words = [caption, credit && `Bildnachweis: ${credit}`].filter(Boolean).join(" ");
        return ["figure", { "data-src": attrs.src, "data-alt": attrs.alt, "data-title": attrs.title },
          ["img", { src: attrs.src.replace(/^\/datei\//, `${files}/datei/`), alt: attrs.alt.replace(/\\([\\[\]*_`<>])/g, "$1") }], ["figcaption", words || attrs.alt]];
      },
    },
    hard_break: { inline: true, group: "inline", selectable: false, parseDOM: [{ tag: "br" }], toDOM: () => ["br"] },
    note: {
      inline: true, group: "inline", atom: true, attrs: { name: {} },
      parseDOM: [{ tag: "sup[data-note]", getAttrs: (dom) => ({ name: dom.dataset.note }) }],
      toDOM: (node) => ["sup", { "data-note": node.attrs.name, role: "img", "aria-label": `Fußnote ${node.attrs.name}` }, node.attrs.name],
    },
    reference: {
      inline: true, group: "inline", atom: true, attrs: { anchor: {} },
      parseDOM: [{ tag: "span[data-anchor]", getAttrs: (dom) => ({ anchor: dom.dataset.anchor }) }],
      toDOM: (node) => ["span", { "data-anchor": node.attrs.anchor }, `→ ${node.attrs.anchor}`],
    },
  },
  marks: {
    link: {
      attrs: { href: {}, title: { default: null } }, inclusive: false,
      parseDOM: [{ tag: "a[href]", getAttrs: (dom) => ({ href: dom.getAttribute("href"), title: dom.getAttribute("title") }) }],
      toDOM: (mark) => ["a", { href: mark.attrs.href, title: mark.attrs.title, rel: "noopener noreferrer" }, 0],
    },
    em: { parseDOM: [{ tag: "em" }, { tag: "i" }], toDOM: () => ["em", 0] },
    strong: { parseDOM: [{ tag: "strong" }, { tag: "b" }], toDOM: () => ["strong", 0] },
    code: { code: true, parseDOM: [{ tag: "code" }], toDOM: () => ["code", 0] },
  },
});

// Where the files of this report can be seen before they are public; empty outside the desk.
let files = "";
export function showFilesFrom(address) {
  files = address;
}

// A picture as the portal writes it; any other stays source.
const FIGURE = /^!\[((?:[^[\]\\\n<>*_`]|\\[\\[\]*_`<>])*)\]\((\/datei\/[0-9a-f]{64}\/[^\s()"'<>\\]+)(?: "([^"\\\n]*)")?\)$/;

const NOTE = /\[\^([\w-]{1,40})\]/y;
const REFERENCE = /\[\]\(#(a\d{1,5})\)/y;

function ours(state, silent) {
  for (const [pattern, type] of [[NOTE, "note"], [REFERENCE, "reference"]]) {
    pattern.lastIndex = state.pos;
    const found = pattern.exec(state.src);
    if (!found) continue;
    if (!silent) state.push(type, "", 0).meta = found[1];
    state.pos += found[0].length;
    return true;
  }
  return false;
}

// Definitions of link targets stay source: Markdown takes them out of the text.
const tokenizer = new MarkdownIt("commonmark").disable("reference");
tokenizer.inline.ruler.before("link", "ours", ours);

const tableTokenizer = new MarkdownIt("commonmark").disable("reference").enable("table");
tableTokenizer.inline.ruler.before("link", "ours", ours);

function isTight(tokens, start) {
  for (let index = start + 1; index < tokens.length; index += 1) {
    if (tokens[index].type === "list_item_open") continue;
    if (tokens[index].type === "paragraph_open") return tokens[index].hidden;
  }
  return true;
}

const tokens = {
  paragraph: { block: "paragraph" },
  heading: { block: "heading", getAttrs: (token) => ({ level: +token.tag.slice(1) }) },
  blockquote: { block: "blockquote" },
  list_item: { block: "list_item" },
  bullet_list: { block: "bullet_list", getAttrs: (token, tokens, index) => ({ tight: isTight(tokens, index), bullet: token.markup }) },
  ordered_list: { block: "ordered_list", getAttrs: (token, tokens, index) => ({ tight: isTight(tokens, index), order: +(token.attrGet("start") ?? 1) }) },
  hardbreak: { node: "hard_break" },
  note: { node: "note", getAttrs: (token) => ({ name: token.meta }) },
  reference: { node: "reference", getAttrs: (token) => ({ anchor: token.meta }) },
  em: { mark: "em" },
  strong: { mark: "strong" },
  link: { mark: "link", getAttrs: (token) => ({ href: token.attrGet("href"), title: token.attrGet("title") || null }) },
  code_inline: { mark: "code", noCloseToken: true },
};
const parser = new MarkdownParser(schema, tokenizer, tokens);
const tableParser = new MarkdownParser(schema, tableTokenizer, { ...tokens, ...tableTokens });
parser.tokenHandlers.softbreak = (state) => state.addText("\n");

function escaped(line, isStart) {
  let text = line.replace(/&(?=#?\w{1,32};)/g, "&amp;").replace(/<(?=[a-z/!?])/gi, "&lt;");
  text = text.replace(/[`*\\[\]_]/g, (char, place) => (char === "_" && /\w/.test(text[place - 1] ?? "") && /\w/.test(text[place + 1] ?? "") ? char : `\\${char}`));
  if (!isStart) return text;
  return text.replace(/^(\s*)([+\->]|#{1,6}(?=\s|$))/, "$1\\$2").replace(/^(\s*\d{1,9})([.)])(?=\s|$)/, "$1\\$2");
}

class State extends MarkdownSerializerState {
  text(text, escape = true) {
    text.split("\n").forEach((line, index, lines) => {
      this.write();
      this.out += escape ? escaped(line, index > 0 || this.atBlockStart) : line;
      if (index < lines.length - 1) this.out += "\n";
    });
  }
}

const nodes = {
  paragraph: (state, node) => { state.renderInline(node); state.closeBlock(node); },
  heading: (state, node) => { state.write(`${"#".repeat(node.attrs.level)} `); state.renderInline(node, false); state.closeBlock(node); },
  blockquote: (state, node) => state.wrapBlock("> ", null, node, () => state.renderContent(node)),
  bullet_list: (state, node) => state.renderList(node, "    ", () => `${node.attrs.bullet} `),
  ordered_list: (state, node) => state.renderList(node, "    ", (index) => `${node.attrs.order + index}. `),
  list_item: (state, node) => state.renderContent(node),
  figure: (state, node) => {
    state.write(`![${node.attrs.alt}](${node.attrs.src}${node.attrs.title ? ` "${node.attrs.title}"` : ""})`);
    state.closeBlock(node);
  },
  table: (state, node) => { state.text(writtenTable(node, writtenCell), false); state.closeBlock(node); },
  raw: (state, node) => { state.text(node.textContent, false); state.closeBlock(node); },
  text: (state, node) => state.text(node.text),
  hard_break: (state, node, parent, index) => {
    for (let next = index + 1; next < parent.childCount; next += 1) {
      if (parent.child(next).type !== node.type) { state.write("  \n"); return; }
    }
  },
  note: (state, node) => state.write(`[^${node.attrs.name}]`),
  reference: (state, node) => state.write(`[](#${node.attrs.anchor})`),
};
const marks = {
  ...defaultMarkdownSerializer.marks,
  link: {
    open: "[", mixable: true,
    close: (_state, mark) => `](${mark.attrs.href.replace(/[()\s"<>\\]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`)}${mark.attrs.title ? ` "${mark.attrs.title.replace(/"/g, "”")}"` : ""})`,
  },
};

function writtenBlock(block, parent, index) {
  const state = new State(nodes, marks, { tightLists: true });
  state.render(block, parent, index);
  return state.out;
}

/** The words of a cell. Code with a bar in it is written as plain words: how bars are escaped there, readers of Markdown disagree. */
function writtenCell(cell) {
  const parts = [];
  cell.forEach((part) => parts.push(part.isText && part.text.includes("|") ? part.mark(schema.marks.code.removeFromSet(part.marks)) : part));
  const state = new State(nodes, marks, { tightLists: true });
  state.renderInline(cell.copy(Fragment.from(parts)), false);
  return state.out;
}

/** The Markdown of a document; empty paragraphs leave nothing behind. */
export function write(doc) {
  const pieces = [];
  doc.forEach((block, _offset, index) => pieces.push(writtenBlock(block, doc, index)));
  return pieces.filter((piece) => piece.trim() !== "").join("\n\n");
}

const HTML = /<[a-z/!?]/i;
const TABLE = /^.*\|.*\n[ \t]*[|:-][ \t|:-]*-/;

function readPiece(piece) {
  const picture = FIGURE.exec(piece);
  if (picture) {
    const figure = schema.node("figure", { alt: picture[1], src: picture[2], title: picture[3] ?? "" });
    if (writtenBlock(figure, schema.node("doc", null, [figure]), 0) === piece) return [figure];
  }
  if (!HTML.test(piece)) {
    try {
      if (TABLE.test(piece)) {
        const table = readTable(piece, tableTokenizer, (text) => tableParser.parse(text), writtenCell);
        return [table ?? schema.node("raw", null, schema.text(piece))];
      }
      const doc = parser.parse(piece);
      if (doc.childCount && write(doc) === piece) return doc.children;
    } catch {
      // A kind of block that is not offered: shown as its source.
    }
  }
  return [schema.node("raw", null, schema.text(piece))];
}

/** The document of a text, or null where it would not come back letter by letter. */
export function read(text) {
  if (text === "") return schema.node("doc", null, [schema.node("paragraph")]);
  const blocks = [];
  for (const piece of text.split("\n\n")) {
    if (piece.trim() === "") return null;
    blocks.push(...readPiece(piece));
  }
  const doc = schema.node("doc", null, blocks);
  return write(doc) === text ? doc : null;
}
