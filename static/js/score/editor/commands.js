// Acts of the person as commands of the API, and what the page shows until the answer is there.
import { compare, format, minus, parse, plus } from "./fraction.js";
import { gridNeighbour } from "./grid.js";
import { RIVAL_MARKS, markNamed } from "./instruments.js";
import { comparePlaces } from "./score_model.js";
import { chosenHits } from "./selection.js";

/** @typedef {import("./fraction.js").Fraction} Fraction */
/** @typedef {import("./score_model.js").Hit} Hit */
/** @typedef {import("./score_model.js").ScoreModel} ScoreModel */
/** @typedef {import("./selection.js").Selection} Selection */
/** @typedef {"" | "hits" | "bars"} Like to which other notes an act applies */

/**
 * @typedef {object} Command as `POST commands/` takes it; `id` of an "add" is ours alone and is not sent
 * @property {string} op
 * @property {string} [id]
 * @property {string[]} [ids]
 * @property {number} [bar]
 * @property {string} [position]
 * @property {string} [by]
 * @property {string} [instrument]
 * @property {number} [velocity]
 * @property {string} [mark]
 * @property {string} [like]
 */

/** What a new note is shown with until the server has given it the velocity that is usual for its instrument. */
const NEW_VELOCITY = 90;
const VELOCITY_STEP = 10;

/** @param {string} id of a note that the server does not know yet */
export function isProvisional(id) {
  return id.startsWith("new-");
}

/**
 * A new note resembles nothing yet: it can go into equal bars as well, but to no "similar hits".
 *
 * @param {Selection} selection
 * @param {string} instrument
 * @param {string} id a provisional one
 * @param {Like} like
 * @returns {Command[]}
 */
export function addCommands(selection, instrument, id, like) {
  const { bar, position } = selection.place;
  return [{ op: "add", id, bar, position: format(position), instrument, ...likeness(like === "bars" ? like : "") }];
}

/**
 * @param {Selection} selection
 * @param {Like} like
 * @returns {Command[]}
 */
export function removeCommands(selection, like) {
  return selection.ids.length ? [{ op: "remove", ids: [...selection.ids], ...likeness(like) }] : [];
}

/**
 * Notes that are of the instrument already stay out.
 *
 * @param {ScoreModel} score
 * @param {Selection} selection
 * @param {string} instrument
 * @param {Like} like
 * @returns {Command[]}
 */
export function instrumentCommands(score, selection, instrument, like) {
  const ids = chosenHits(score, selection).filter((hit) => hit.instrument !== instrument).map((hit) => hit.id);
  return ids.length ? [{ op: "set_instrument", ids, instrument, ...likeness(like) }] : [];
}

/**
 * Mark the chosen notes; when all of them are marked so, take the mark away. Notes whose instrument cannot have
 * the mark stay as they are.
 *
 * @param {ScoreModel} score
 * @param {Selection} selection
 * @param {string} mark
 * @param {Like} like
 * @returns {Command[]}
 */
export function markCommands(score, selection, mark, like) {
  const only = markNamed(mark)?.only;
  const hits = chosenHits(score, selection).filter((hit) => !only || only.includes(hit.instrument));
  const unmarked = hits.filter((hit) => !hit.marks.includes(mark));
  if (!hits.length) return [];
  const [op, others] = unmarked.length ? ["mark", unmarked] : ["unmark", hits];
  return [{ op, ids: others.map((hit) => hit.id), mark, ...likeness(like) }];
}

/**
 * @param {ScoreModel} score
 * @param {Selection} selection
 * @param {number} by MIDI velocity, to be added
 * @param {Like} like
 * @returns {Command[]}
 */
export function velocityCommands(score, selection, by, like) {
  /** @type {Map<number, string[]>} */
  const byVelocity = new Map();
  for (const hit of chosenHits(score, selection)) {
    const velocity = Math.min(127, Math.max(1, hit.velocity + by));
    if (velocity !== hit.velocity) byVelocity.set(velocity, [...(byVelocity.get(velocity) ?? []), hit.id]);
  }
  return [...byVelocity].map(([velocity, ids]) => ({ op: "set_velocity", ids, velocity, ...likeness(like) }));
}

/**
 * Move the chosen notes to the next place on the grid, each to its own. Grace notes go with their main notes.
 *
 * @param {ScoreModel} score
 * @param {Selection} selection
 * @param {Fraction} step
 * @param {1 | -1} direction
 * @param {Like} like
 * @returns {Command[]} empty also when one of them has nowhere to go
 */
export function moveCommands(score, selection, step, direction, like) {
  const mains = chosenHits(score, selection).filter((hit) => hit.graceOf === null);
  const targets = mains.map((hit) => gridNeighbour(score, hit, step, direction));
  if (targets.some((target) => target === null)) return [];
  const shifts = mains.map((hit, index) => {
    const target = targets[index];
    // Under a swing mark the server counts steps as they are written; there, a place says it better.
    const plain = target?.bar === hit.bar && score.swingAt(hit.bar) === null;
    return target && plain ? format(minus(target.position, hit.position)) : null;
  });
  if (mains.length && shifts[0] !== null && shifts.every((shift) => shift === shifts[0])) {
    return [{ op: "move", ids: mains.map((hit) => hit.id), by: shifts[0], ...likeness(like) }];
  }
  // Whoever goes first makes room for the next of the same instrument.
  const order = mains.map((_, index) => index).sort((a, b) => comparePlaces(mains[b], mains[a]) * direction);
  return order.flatMap((index) => {
    const target = targets[index];
    return target
      ? [{ op: "move", id: mains[index].id, bar: target.bar, position: format(target.position), ...likeness(like) }]
      : [];
  });
}

/**
 * What an act does to the chosen notes.
 *
 * @param {ScoreModel} score
 * @param {Selection} selection
 * @param {import("./keys.js").Act} act
 * @param {Fraction} step of the grid
 * @param {Like} like
 * @returns {Command[]} empty: the act changes nothing
 */
export function changeCommands(score, selection, act, step, like) {
  switch (act.type) {
    case "remove":
      return removeCommands(selection, like);
    case "mark":
      return markCommands(score, selection, act.name, like);
    case "velocity":
      return velocityCommands(score, selection, act.direction * VELOCITY_STEP, like);
    case "move":
      return moveCommands(score, selection, step, act.direction, like);
    default:
      return [];
  }
}

/**
 * The score as it will be, as far as this page can tell: "like" reaches notes that only the server finds.
 *
 * @param {ScoreModel} score
 * @param {readonly Command[]} commands
 * @returns {ScoreModel}
 */
export function applied(score, commands) {
  return commands.reduce((before, command) => before.withHits(afterOne(before, command)), score);
}

/**
 * @param {ScoreModel} score
 * @param {Command} command
 * @returns {Hit[]}
 */
function afterOne(score, command) {
  if (command.op === "add") return [...score.hits, addedHit(command)];
  const ids = new Set(command.ids ?? (command.id ? [command.id] : []));
  const concerned = (/** @type {Hit} */ hit) => ids.has(hit.id) || (hit.graceOf !== null && ids.has(hit.graceOf));
  if (command.op === "remove") return score.hits.filter((hit) => !concerned(hit));
  return score.hits.map((hit) => (concerned(hit) ? changed(score, hit, command, ids.has(hit.id)) : hit));
}

/**
 * @param {ScoreModel} score
 * @param {Hit} hit
 * @param {Command} command
 * @param {boolean} itself false: it is the grace note of a note that is named
 * @returns {Hit}
 */
function changed(score, hit, command, itself) {
  if (command.op === "move") return { ...hit, ...movedPlace(score, hit, command) };
  if (!itself) return hit;
  switch (command.op) {
    case "set_instrument":
      return { ...hit, instrument: command.instrument ?? hit.instrument, marks: fitting(hit, command.instrument) };
    case "set_velocity":
      return { ...hit, velocity: command.velocity ?? hit.velocity };
    case "mark":
      return { ...hit, marks: withMark(hit.marks, command.mark ?? "") };
    case "unmark":
      return { ...hit, marks: hit.marks.filter((mark) => mark !== command.mark) };
    default:
      return hit;
  }
}

/**
 * @param {Command} command
 * @returns {Hit}
 */
function addedHit(command) {
  return {
    id: command.id ?? "",
    instrument: command.instrument ?? "",
    velocity: NEW_VELOCITY,
    bar: command.bar ?? 0,
    position: parse(command.position ?? "0"),
    graceOf: null,
    marks: [],
  };
}

/**
 * @param {ScoreModel} score
 * @param {Hit} hit
 * @param {Command} command
 */
function movedPlace(score, hit, command) {
  if (command.by === undefined) return { bar: command.bar ?? hit.bar, position: parse(command.position ?? "0") };
  const position = plus(hit.position, parse(command.by));
  const length = score.bar(hit.bar)?.quarters;
  const inside = position.n >= 0 && length && compare(position, length) < 0;
  return inside ? { bar: hit.bar, position } : { bar: hit.bar, position: hit.position };
}

/**
 * @param {readonly string[]} marks
 * @param {string} mark
 */
function withMark(marks, mark) {
  const rivals = RIVAL_MARKS.find((group) => group.includes(mark)) ?? [];
  return [...marks.filter((other) => other !== mark && !rivals.includes(other)), mark];
}

/**
 * @param {Hit} hit
 * @param {string | undefined} instrument
 */
function fitting(hit, instrument) {
  return hit.marks.filter((mark) => {
    const only = markNamed(mark)?.only;
    return !only || (instrument !== undefined && only.includes(instrument));
  });
}

/**
 * @param {Like} like
 * @returns {{like?: string}}
 */
function likeness(like) {
  return like ? { like } : {};
}

/**
 * A command as the API takes it, naming notes by the ids that the server gave them.
 *
 * @param {Command} command
 * @param {Map<string, string>} renamed
 * @returns {Command}
 */
export function sendable(command, renamed) {
  const named = (/** @type {string} */ id) => renamed.get(id) ?? id;
  const { id, ids, ...rest } = command;
  if (command.op === "add") return rest;
  return { ...rest, ...(id === undefined ? {} : { id: named(id) }), ...(ids ? { ids: ids.map(named) } : {}) };
}

/**
 * The ids by which a command names notes.
 *
 * @param {Command} command
 * @returns {string[]}
 */
export function namedIds(command) {
  if (command.op === "add") return [];
  return command.ids ?? (command.id ? [command.id] : []);
}
