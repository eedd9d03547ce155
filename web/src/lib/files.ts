// Paths of files on the server, and sizes.

export const fileName = (path: string) => path.split('/').pop() ?? path;

export function folderOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at <= 0 ? path : path.slice(0, at);
}

/** Whether a file lies in a folder, or the folder is not named yet. */
export function inFolder(path: string, folder: string): boolean {
  const trimmed = folder.trim().replace(/\/+$/, '');
  return trimmed === '' || path === trimmed || path.startsWith(`${trimmed}/`);
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    ++unit;
  }
  return `${value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 })} ${units[unit]}`;
}
