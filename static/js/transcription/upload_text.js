// Words and checks of the upload form that need no page.

const MB = 1024 * 1024;

/** @param {number} bytes */
export function megabytes(bytes) {
  const mb = bytes / MB;
  return mb < 10 ? `${mb.toFixed(1)} MB` : `${Math.round(mb)} MB`;
}

/**
 * Why a file need not be sent at all; null when it may be. The server decides by the content, so only what it
 * would refuse for certain is refused here.
 *
 * @param {{name: string, size: number}} file
 * @param {number} maxMb
 */
export function refusal(file, maxMb) {
  const reason = fault(file, maxMb);
  if (!reason) return null;
  return `${reason} ${file.size === 0 ? "Choose another file." : "An MP3 or FLAC of the same song is smaller."}`;
}

/**
 * @param {{name: string, size: number}} file
 * @param {number} maxMb
 */
function fault(file, maxMb) {
  if (file.size === 0) return `“${file.name}” is empty.`;
  if (file.size > maxMb * MB) return `“${file.name}” has ${megabytes(file.size)}; the limit is ${maxMb} MB.`;
  return null;
}

/** @typedef {{maxMb: number, batchMaxMb: number, batchMaxFiles: number}} Limits */

/** @param {{name: string}} file */
function seemsPacked(file) {
  return /\.zip$/i.test(file.name);
}

/**
 * Which of the chosen files are sent. What would be refused for certain stays here, with the reason; when
 * nothing can be sent, `refusal` says why.
 *
 * @template {{name: string, size: number}} F
 * @param {F[]} files
 * @param {Limits} limits
 * @returns {{kept: F[], leftOut: string[], refusal: string | null}}
 */
export function sortOut(files, limits) {
  /** @type {F[]} */
  const kept = [];
  /** @type {string[]} */
  const leftOut = [];
  const most = (/** @type {F} */ file) => (seemsPacked(file) ? limits.batchMaxMb : limits.maxMb);
  for (const file of files) {
    const reason = fault(file, most(file));
    if (reason) leftOut.push(reason);
    else kept.push(file);
  }
  if (files.length === 1) return { kept, leftOut: [], refusal: refusal(files[0], most(files[0])) };
  const bytes = kept.reduce((sum, file) => sum + file.size, 0);
  if (kept.length === 0 && files.length > 0) return { kept, leftOut, refusal: "None of these files can be sent." };
  if (kept.length > limits.batchMaxFiles) {
    return { kept, leftOut, refusal: `These are ${kept.length} files; ${limits.batchMaxFiles} can be sent at once. Send them in several goes.` };
  }
  if (bytes > limits.batchMaxMb * MB) {
    return { kept, leftOut, refusal: `These files have ${megabytes(bytes)} together; ${limits.batchMaxMb} MB can be sent at once. Send them in several goes.` };
  }
  return { kept, leftOut, refusal: null };
}

/**
 * What is chosen, as a title and a line below it.
 *
 * @param {{name: string, size: number}[]} files
 * @returns {{title: string, line: string, button: string}}
 */
export function choiceText(files) {
  const size = megabytes(files.reduce((sum, file) => sum + file.size, 0));
  if (files.length === 1) {
    return { title: files[0].name, line: size, button: seemsPacked(files[0]) ? "Write the scores" : "Write the score" };
  }
  const names = files.slice(0, 3).map((file) => file.name);
  const more = files.length - names.length;
  const list = more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
  return { title: `${files.length} files`, line: `${list} · ${size}`, button: "Write the scores" };
}

/**
 * @param {number} sent
 * @param {number} total
 * @param {number} files
 */
export function uploadStatus(sent, total, files = 1) {
  if (total > 0 && sent >= total) return files > 1 ? "Sent. Checking the files …" : "Sent. Checking the file …";
  const percent = total > 0 ? Math.floor((sent / total) * 100) : 0;
  return `Uploading: ${percent} % of ${megabytes(total)}`;
}

/**
 * What to say about an answer that was no success.
 *
 * @param {number} status
 * @param {{message?: string, details?: {hint?: string, refused?: {name: string, message: string}[]}} | null} body
 * @returns {string[]} sentences, one a line
 */
export function uploadFailure(status, body) {
  if (body?.message) {
    const each = (body.details?.refused ?? []).map((file) => `${file.name}: ${file.message}`);
    return [body.message, ...each, body.details?.hint ?? ""].filter(Boolean);
  }
  if (status === 0) return ["The connection was lost before the file had arrived.", "Nothing is stored. Try again."];
  if (status === 401 || status === 403) return ["You have been signed out.", "Reload the page, sign in and send the file again."];
  if (status === 413) return ["The file is larger than this site takes."];
  return ["The file could not be taken, and that is our fault.", "Nothing is lost on your side. Try again in a moment."];
}
