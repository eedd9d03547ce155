// Times in the viewer's zone, and how far away they are.

export function utc(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

const sameDay = (a: Date, b: Date) => a.toDateString() === b.toDateString();

// "today 14:05", "tomorrow 09:00", "Fri 30 Oct, 14:05", with the year where it is another.
export function clock(iso: string, now: Date = new Date()): string {
  const at = new Date(iso);
  const time = at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const day = new Date(now);
  if (sameDay(at, day)) return `today ${time}`;
  day.setDate(day.getDate() + 1);
  if (sameDay(at, day)) return `tomorrow ${time}`;
  day.setDate(day.getDate() - 2);
  if (sameDay(at, day)) return `yesterday ${time}`;
  const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric';
  const date = at.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year }).replace(/^(\w+),/, '$1');
  return `${date}, ${time}`;
}

const spans: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

// "in 5 minutes", "2 hours ago", "just now".
export function away(iso: string, now: Date = new Date()): string {
  const seconds = (new Date(iso).getTime() - now.getTime()) / 1000;
  for (const [unit, length] of spans)
    if (Math.abs(seconds) >= length)
      return new Intl.RelativeTimeFormat('en', { numeric: 'always' }).format(Math.trunc(seconds / length), unit);
  return seconds > 5 ? 'in less than a minute' : 'just now';
}

// "2 h 5 min", "1 min 20 s", "3 s".
export function span(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 1) return 'less than a second';
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${s / 60} min`;
  const minutes = Math.round((s % 3600) / 60);
  return minutes ? `${Math.floor(s / 3600)} h ${minutes} min` : `${Math.floor(s / 3600)} h`;
}

export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
