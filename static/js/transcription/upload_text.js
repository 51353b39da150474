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
  if (file.size === 0) return `“${file.name}” is empty. Choose another file.`;
  if (file.size > maxMb * MB) {
    return `“${file.name}” has ${megabytes(file.size)}; the limit is ${maxMb} MB. An MP3 or FLAC of the same song is smaller.`;
  }
  return null;
}

/**
 * @param {number} sent
 * @param {number} total
 */
export function uploadStatus(sent, total) {
  if (total > 0 && sent >= total) return "Sent. Checking the file …";
  const percent = total > 0 ? Math.floor((sent / total) * 100) : 0;
  return `Uploading: ${percent} % of ${megabytes(total)}`;
}

/**
 * What to say about an answer that was no success.
 *
 * @param {number} status
 * @param {{message?: string, details?: {hint?: string}} | null} body
 * @returns {string[]} sentences, one a line
 */
export function uploadFailure(status, body) {
  if (body?.message) return [body.message, body.details?.hint ?? ""].filter(Boolean);
  if (status === 0) return ["The connection was lost before the file had arrived.", "Nothing is stored. Try again."];
  if (status === 401 || status === 403) return ["You have been signed out.", "Reload the page, sign in and send the file again."];
  if (status === 413) return ["The file is larger than this site takes."];
  return ["The file could not be taken, and that is our fault.", "Nothing is lost on your side. Try again in a moment."];
}
