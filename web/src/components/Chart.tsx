import { Box, Table, Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import { clock } from '../lib/time';
import { count } from '../lib/words';

export interface Line {
  label: string;
  values: (number | null)[];
}

const colors = { light: ['#1864ab', '#2b8a3e', '#a61e4d'], dark: ['#74c0fc', '#8ce99a', '#faa2c1'] };

// Numbers over time. The canvas says nothing to a screen reader: `summary` and the table do.
export function Chart({ times, lines, summary, height = 220 }: { times: string[]; lines: Line[]; summary: string; height?: number }) {
  const { ref, width } = useElementSize();
  const scheme = useComputedColorScheme('light');
  const target = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!width || !target.current) return;
    const axis = scheme === 'dark' ? '#a8b1bb' : '#56606b';
    const grid = scheme === 'dark' ? '#3b3b3b' : '#e9ecef';
    const plot = new uPlot(
      {
        width,
        height,
        legend: { show: lines.length > 1 },
        cursor: { points: { size: 7 } },
        axes: [
          { stroke: axis, grid: { stroke: grid } },
          { stroke: axis, grid: { stroke: grid }, size: 70, values: (_, ticks) => ticks.map((one) => count(one)) },
        ],
        scales: { y: { range: (_, low, high) => (low === high ? [low - 1, high + 1] : [low - (high - low) / 10, high + (high - low) / 10]) } },
        series: [
          {},
          ...lines.map((line, i) => ({
            label: line.label,
            stroke: colors[scheme][i % colors[scheme].length],
            width: 2,
            points: { show: times.length < 40 },
          })),
        ],
      },
      [times.map((one) => new Date(one).getTime() / 1000), ...lines.map((line) => line.values)],
      target.current,
    );
    return () => plot.destroy();
  }, [width, height, scheme, times, lines]);
  return (
    <Box ref={ref} component="figure" m={0}>
      <div ref={target} role="img" aria-label={summary} style={{ minHeight: height }} />
      <Text component="figcaption" size="sm" c="dimmed">
        {summary}
      </Text>
      <details>
        <summary>The numbers</summary>
        <Table aria-label={summary}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Time</Table.Th>
              {lines.map((line) => (
                <Table.Th key={line.label} scope="col">
                  {line.label}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {times.map((one, i) => (
              <Table.Tr key={one + i}>
                <Table.Td>{clock(one)}</Table.Td>
                {lines.map((line) => (
                  <Table.Td key={line.label}>{line.values[i] == null ? '–' : count(line.values[i])}</Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </details>
    </Box>
  );
}
