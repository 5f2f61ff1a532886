// Tables as Markdown knows them: one row of headings, cells of one line, nothing that spans.
//
// A table that nobody touched is written as it was read, whatever its bars and blanks look like; one that was changed is
// written in one form. What could lose or move a word on the way (cells that hang over, bars within code) stays source.
import { DOMParser, Fragment } from "prosemirror-model";

const NO_SPAN = { colspan: { default: 1 }, rowspan: { default: 1 }, colwidth: { default: null } };
const ALIGNMENTS = new Set(["left", "center", "right"]);
const RULES = { left: ":---", center: ":---:", right: "---:" };

/** The words of a pasted cell, whose paragraphs become one line. */
function oneLine(dom, schema) {
  const copy = dom.cloneNode(true);
  for (const part of copy.querySelectorAll("p, div, li, br")) part.after(" ");
  const cell = DOMParser.fromSchema(schema).parse(copy, { topNode: schema.nodes.table_cell.create() });
  const found = [];
  cell.content.forEach((node) => found.push(node));
  return Fragment.from(found);
}

function cell(tag, tableRole, more) {
  return {
    content: "(text | note | reference)*", tableRole, isolating: true, attrs: { ...NO_SPAN, align: { default: null } },
    parseDOM: [{ tag, getAttrs: (dom) => ({ align: ALIGNMENTS.has(dom.style.textAlign) ? dom.style.textAlign : null }), getContent: oneLine }],
    toDOM: (node) => [tag, { ...more, ...(node.attrs.align ? { class: `cell-${node.attrs.align}` } : {}) }, 0],
  };
}

export const tableNodes = {
  table: {
    content: "table_row+", tableRole: "table", isolating: true, parseDOM: [{ tag: "table" }],
    toDOM: () => ["div", { class: "editor-table" }, ["table", ["tbody", 0]]],
  },
  table_row: { content: "(table_cell | table_header)*", tableRole: "row", parseDOM: [{ tag: "tr" }], toDOM: () => ["tr", 0] },
  table_cell: cell("td", "cell", {}),
  table_header: cell("th", "header_cell", { scope: "col" }),
};

function alignment(token) {
  return { align: /text-align:(\w+)/.exec(token.attrGet("style") ?? "")?.[1] ?? null };
}

/** How the parser takes what the tokenizer says of tables. */
export const tableTokens = {
  table: { block: "table" }, thead: { ignore: true }, tbody: { ignore: true }, tr: { block: "table_row" },
  th: { block: "table_header", getAttrs: alignment }, td: { block: "table_cell", getAttrs: alignment },
};

// Nodes of an editor never change: one that is still there is a table that nobody touched.
const sources = new WeakMap();

/** The Markdown of a table; `inline` writes the words of a cell. */
export function writtenTable(table, inline) {
  const known = sources.get(table);
  if (known !== undefined) return known;
  const rows = [];
  table.forEach((row) => {
    const cells = [];
    row.forEach((one) => cells.push(inline(one).replace(/\s+/g, " ").trim().replace(/\|/g, "\\|")));
    rows.push(cells);
  });
  const width = Math.max(...rows.map((row) => row.length));
  const lines = rows.map((row) => `| ${[...row, ...Array(width - row.length).fill("")].join(" | ")} |`);
  const rule = Array.from({ length: width }, (_, column) => ` ${RULES[table.firstChild.maybeChild(column)?.attrs.align] ?? "---"} |`);
  return [lines[0], `|${rule.join("")}`, ...lines.slice(1)].join("\n");
}

/** Whether readers of Markdown may disagree where a cell ends: bars within code, or ends of code that belong to none. */
function isUnclear(piece) {
  return piece.split("\n").some((line) => {
    let hasBar = false;
    const rest = line.replace(/\\[\\`]/g, "").replace(/(`+)(.*?)\1/g, (_all, _ticks, code) => { hasBar ||= code.includes("|"); return ""; });
    return hasBar || rest.includes("`");
  });
}

/** Whether a bar that begins a line ends an empty first cell for one reader of Markdown and means nothing for another. */
function isShifted(piece) {
  const [heading, , ...rows] = piece.split("\n").map((line) => line.trim());
  return !/^\||\|$/.test(heading) && rows.some((row) => row.startsWith("|"));
}

function words(text) {
  return text.replace(/[\s|:-]+/g, "");
}

/** The table that `piece` is, or null where it is none or would not come back; `parse` and `inline` are the editor's. */
export function readTable(piece, tokenizer, parse, inline) {
  const tokens = tokenizer.parse(piece, {});
  const outer = tokens.filter((token) => token.level === 0);
  if (outer.length !== 2 || outer[0].type !== "table_open" || isUnclear(piece) || isShifted(piece)) return null;
  const table = parse(piece).firstChild;
  const written = writtenTable(table, inline);
  const again = parse(written);
  if (words(written) !== words(piece) || again.childCount !== 1 || !again.firstChild.eq(table)) return null;
  sources.set(table, piece);
  return table;
}
