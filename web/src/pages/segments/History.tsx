// How large the segment was, who entered and left by its runs, and when its rule was changed.
import { Box, List, Stack, Table, Text, Title, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

import type { Schemas } from '../../api/client';
import { historyQuery } from '../../api/segments';
import { Empty } from '../../components/Empty';
import { Loaded } from '../../components/Loading';
import { When } from '../../components/When';
import { clock } from '../../lib/time';
import { count, many } from '../../lib/words';

type Sizes = Schemas['History']['sizes'];
type Edits = Schemas['History']['edits'];

export default function History({ uid }: { uid: string }) {
  const history = useQuery(historyQuery(uid));
  return (
    <Loaded query={history}>
      {(data) =>
        data.sizes.length === 0 ? (
          <Empty title="Not counted yet">Its size is kept each time it is counted by name, and at each run of its activations.</Empty>
        ) : (
          <Told sizes={data.sizes} edits={data.edits} />
        )
      }
    </Loaded>
  );
}

function summaryOf(sizes: Sizes): string {
  const first = sizes[0];
  const last = sizes[sizes.length - 1];
  if (!first || !last) return '';
  if (sizes.length === 1) return `${count(last.members)} people, ${clock(last.at)}`;
  return `From ${many(first.members, 'person', 'people')} (${clock(first.at)}) to ${count(last.members)} (${clock(last.at)})`;
}

function Told({ sizes, edits }: { sizes: Sizes; edits: Edits }) {
  const runs = sizes.filter((one) => one.by === 'run');
  const newest = [...sizes].reverse().slice(0, 200);
  return (
    <Stack>
      <SizeChart sizes={sizes} edits={edits} summary={summaryOf(sizes)} />
      {edits.length > 0 && (
        <section aria-labelledby="edits">
          <Title order={2} size="h4" id="edits" mb="xs">
            Changes of the rule
          </Title>
          <List spacing="xs" size="sm">
            {[...edits].reverse().map((one) => (
              <List.Item key={one.at + one.sentence}>
                <When at={one.at} /> by <bdi>{one.who}</bdi>
                {one.sentence && (
                  <Text size="sm" c="dimmed" dir="auto">
                    {one.sentence}
                  </Text>
                )}
              </List.Item>
            ))}
          </List>
        </section>
      )}
      <details>
        <summary>The numbers{runs.length > 0 && ', with who entered and left'}</summary>
        <Table aria-label="Size over time" maw={760}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Time</Table.Th>
              <Table.Th scope="col" ta="right">
                People
              </Table.Th>
              <Table.Th scope="col" ta="right">
                Entered
              </Table.Th>
              <Table.Th scope="col" ta="right">
                Left
              </Table.Th>
              <Table.Th scope="col">Seen by</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {newest.map((one, index) => (
              <Table.Tr key={one.at + index}>
                <Table.Td>
                  <When at={one.at} />
                </Table.Td>
                <Table.Td ta="right" className="numbers">
                  {count(one.members)}
                </Table.Td>
                <Table.Td ta="right" className="numbers">
                  {one.entered === undefined ? '' : count(one.entered)}
                </Table.Td>
                <Table.Td ta="right" className="numbers">
                  {one.left === undefined ? '' : count(one.left)}
                </Table.Td>
                <Table.Td dir="auto">{one.by === 'run' ? `a run of ${one.activation ?? 'an activation'}` : 'a count'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </details>
    </Stack>
  );
}

const COLORS = {
  light: { size: '#1864ab', entered: '#2b8a3e', left: '#a61e4d', axis: '#56606b', grid: '#e9ecef', edit: '#862e9c' },
  dark: { size: '#74c0fc', entered: '#8ce99a', left: '#faa2c1', axis: '#a8b1bb', grid: '#3b3b3b', edit: '#e599f7' },
};

const DAY = 86_400;
function tickWords(seconds: number, step: number): string {
  const at = new Date(seconds * 1000);
  const day = at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  if (step >= DAY) return day;
  return `${at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', ...(step < 60 && { second: '2-digit' }) })}\n${day}`;
}

// Size as a line; entries and exits of runs as bars of the other axis; edits as upright lines.
function SizeChart({ sizes, edits, summary }: { sizes: Sizes; edits: Edits; summary: string }) {
  const { ref, width } = useElementSize();
  const scheme = useComputedColorScheme('light');
  const target = useRef<HTMLDivElement>(null);
  const data = useMemo((): uPlot.AlignedData => {
    // Times that go up: two of one second are a moment apart.
    let before = 0;
    const rising = (at: string) => (before = Math.max(new Date(at).getTime() / 1000, before + 0.001));
    return [
      sizes.map((one) => rising(one.at)),
      sizes.map((one) => one.members),
      sizes.map((one) => one.entered ?? null),
      sizes.map((one) => (one.left === undefined ? null : -one.left)),
    ];
  }, [sizes]);
  useEffect(() => {
    if (!width || !target.current) return;
    const colors = COLORS[scheme];
    const bars = uPlot.paths.bars;
    const flow = (label: string, color: string): uPlot.Series => ({
      label,
      scale: 'flow',
      stroke: color,
      fill: `${color}88`,
      ...(bars && { paths: bars({ size: [0.4, 14] }) }),
      points: { show: false },
      value: (_, value) => (value == null ? '–' : count(Math.abs(value))),
    });
    const plot = new uPlot(
      {
        width,
        height: 260,
        scales: {
          y: {
            range: (_, low, high) =>
              low === high ? [Math.max(0, low - 1), high + 1] : [Math.max(0, low - (high - low) / 5), high + (high - low) / 10],
          },
          // Below the line: the flow takes the lower third.
          flow: {
            range: (_, low, high) => {
              const most = Math.max(1, Math.abs(low ?? 0), Math.abs(high ?? 0));
              return [-most, most * 5];
            },
          },
          x: { range: (_, low, high) => (low === high ? [low - 3600, high + 3600] : [low, high]) },
        },
        axes: [
          {
            stroke: colors.axis,
            grid: { stroke: colors.grid },
            space: 70,
            values: (_, ticks, _axis, _space, step) => ticks.map((one) => tickWords(one, step)),
          },
          {
            stroke: colors.axis,
            grid: { stroke: colors.grid },
            size: 70,
            values: (_, ticks) => ticks.map((one) => (Number.isInteger(one) ? count(one) : '')),
          },
        ],
        series: [
          {},
          {
            label: 'People',
            stroke: colors.size,
            width: 2,
            points: { show: sizes.length < 60 },
            value: (_, value) => (value == null ? '–' : count(value)),
          },
          flow('Entered', colors.entered),
          flow('Left', colors.left),
        ],
        hooks: {
          draw: [
            (plot) => {
              const { ctx, bbox } = plot;
              ctx.save();
              ctx.strokeStyle = colors.edit;
              ctx.setLineDash([4, 4]);
              for (const one of edits) {
                const x = plot.valToPos(new Date(one.at).getTime() / 1000, 'x', true);
                if (x < bbox.left || x > bbox.left + bbox.width) continue;
                ctx.beginPath();
                ctx.moveTo(x, bbox.top);
                ctx.lineTo(x, bbox.top + bbox.height);
                ctx.stroke();
              }
              ctx.restore();
            },
          ],
        },
      },
      data,
      target.current,
    );
    return () => plot.destroy();
  }, [width, scheme, data, edits, sizes.length]);
  return (
    <Box ref={ref} component="figure" m={0} style={{ overflow: 'hidden' }}>
      <div ref={target} role="img" aria-label={summary} style={{ minHeight: 290 }} />
      <Text component="figcaption" size="sm" c="dimmed">
        {summary}
        {edits.length > 0 && '. Dashed lines: the rule was changed'}
      </Text>
    </Box>
  );
}
