// Editing tables: by buttons and by keyboard, kept in the one shape that Markdown has.
import { Plugin, Selection, TextSelection } from "prosemirror-state";
import {
  addColumnAfter, addRowAfter, cellAround, deleteColumn, deleteRow, deleteTable, goToNextCell, isInTable, tableEditing,
} from "prosemirror-tables";
import { schema } from "./markdown.js";

const { nodes } = schema;

function insertTable(state, dispatch) {
  const { $head } = state.selection;
  if (isInTable(state) || !$head.depth) return false;
  if (dispatch) {
    const head = [1, 2, 3].map((number) => nodes.table_header.create(null, schema.text(`Spalte ${number}`)));
    const row = () => nodes.table_row.create(null, head.map(() => nodes.table_cell.create()));
    const place = $head.after(1);
    const tr = state.tr.insert(place, nodes.table.create(null, [nodes.table_row.create(null, head), row(), row()]));
    dispatch(tr.setSelection(TextSelection.create(tr.doc, place + 3, place + 3 + head[0].textContent.length)).scrollIntoView());
  }
  return true;
}

/** To where the text goes on behind the table (`side` 1) or before it (-1), in a new paragraph where it ends there. */
function leave(side) {
  return (state, dispatch) => {
    const { $head } = state.selection;
    const place = side > 0 ? $head.after(1) : $head.before(1);
    const beside = side > 0 ? state.doc.nodeAt(place) : state.doc.resolve(place).nodeBefore;
    if (dispatch) {
      const isNew = !beside?.isTextblock;
      const tr = isNew ? state.tr.insert(place, nodes.paragraph.create()) : state.tr;
      dispatch(tr.setSelection(Selection.near(tr.doc.resolve(side > 0 || isNew ? place + 1 : place - 1), side)).scrollIntoView());
    }
    return true;
  };
}

/** The cell under this one; behind the last row the text goes on. */
function down(state, dispatch, view) {
  const $cell = isInTable(state) && cellAround(state.selection.$head);
  if (!$cell) return false;
  const table = $cell.node(1);
  const row = $cell.index(1) + 1;
  if (row >= table.childCount) return leave(1)(state, dispatch, view);
  let place = $cell.start(1);
  for (let before = 0; before < row; before += 1) place += table.child(before).nodeSize;
  place += 1;
  for (let before = 0; before < $cell.index(); before += 1) place += table.child(row).child(before).nodeSize;
  dispatch?.(state.tr.setSelection(TextSelection.create(state.doc, place + 1 + table.child(row).child($cell.index()).content.size)).scrollIntoView());
  return true;
}

/** At the edge of a text that begins or ends with a table, the arrow keys make room beside it. */
function beyond(side) {
  return (state, dispatch, view) => {
    const $cell = isInTable(state) && state.selection.empty && cellAround(state.selection.$head);
    if (!$cell || !view?.endOfTextblock(side > 0 ? "down" : "up")) return false;
    const isOuterRow = $cell.index(1) === (side > 0 ? $cell.node(1).childCount - 1 : 0);
    const isOuterBlock = $cell.index(0) === (side > 0 ? state.doc.childCount - 1 : 0);
    return isOuterRow && isOuterBlock && leave(side)(state, dispatch, view);
  };
}

/** The first row is the row of headings and no other is; nothing spans. */
const upright = new Plugin({
  appendTransaction(steps, _before, state) {
    if (!steps.some((step) => step.docChanged)) return null;
    const tr = state.tr;
    state.doc.forEach((table, start) => {
      if (table.type !== nodes.table) return;
      table.forEach((row, rowStart, index) => row.forEach((cell, cellStart) => {
        const type = index ? nodes.table_cell : nodes.table_header;
        const { colspan, rowspan, align } = cell.attrs;
        if (cell.type !== type || colspan !== 1 || rowspan !== 1) tr.setNodeMarkup(start + 1 + rowStart + 1 + cellStart, type, { align });
      }));
    });
    return tr.docChanged ? tr : null;
  },
});

export const tablePlugins = [upright, tableEditing()];

export const tableKeys = {
  Tab: goToNextCell(1), "Shift-Tab": goToNextCell(-1), Enter: down, "Mod-Enter": (state, dispatch) => addRowAfter(state, dispatch),
  ArrowDown: beyond(1), ArrowUp: beyond(-1),
};

/** Name, command; the first puts a table in, the others are for where the cursor is in one. */
export const tableCommands = [
  ["Tabelle einfügen", insertTable], ["Zeile darunter", addRowAfter], ["Spalte rechts", addColumnAfter], ["Zeile löschen", deleteRow],
  ["Spalte löschen", deleteColumn], ["Tabelle löschen", deleteTable],
];
