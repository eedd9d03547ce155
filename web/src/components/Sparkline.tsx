// The last numbers as a line, small beside the number itself; `label` says the same in words.
export function Sparkline({ values, label, width = 96, height = 28 }: { values: number[]; label: string; width?: number; height?: number }) {
  if (values.length < 2) return <span className="hidden-text">{label}</span>;
  const low = Math.min(...values);
  const high = Math.max(...values);
  const x = (i: number) => 2 + (i * (width - 4)) / (values.length - 1);
  const y = (value: number) => (high === low ? height / 2 : height - 3 - ((value - low) * (height - 6)) / (high - low));
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <polyline points={values.map((value, i) => `${x(i)},${y(value)}`).join(' ')} fill="none" stroke="var(--mantine-primary-color-filled)" strokeWidth="2" strokeLinejoin="round" />
      <circle cx={x(values.length - 1)} cy={y(values.at(-1)!)} r="2.5" fill="var(--mantine-primary-color-filled)" />
    </svg>
  );
}
