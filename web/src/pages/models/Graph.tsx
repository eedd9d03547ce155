import { Group, Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useMemo } from 'react';

import { draw, type Line, type ModelNode } from '../../lib/relation-graph';
import { typeTitle } from './model';
import classes from './Graph.module.css';

const short = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/**
 * Models and their relations as a drawing. For the mouse: a model is opened or, while connecting, chosen; a line is edited. The
 * keyboard and screen readers have the list beside it, which says the same.
 */
export function Graph({
  models,
  chosen,
  onModel,
  onLine,
}: {
  models: ModelNode[];
  chosen?: string;
  onModel: (name: string) => void;
  onLine: (line: Line) => void;
}) {
  const { ref, width } = useElementSize();
  const scheme = useComputedColorScheme('light');
  const upright = width > 0 && width < 640;
  const drawing = useMemo(() => draw(models, upright), [models, upright]);
  const fill = { users: 'blue', events: 'teal', custom: 'gray' } as const;
  const words = (line: Line) => [...new Set(line.relations.map((one) => one.relation.name))].join(' / ');
  return (
    <div ref={ref}>
      <svg viewBox={`0 0 ${drawing.width} ${drawing.height}`} width={drawing.width} height={drawing.height} className={classes.drawing} aria-hidden="true" focusable="false" data-scheme={scheme}>
        {drawing.lines.map((line) => (
          <g key={line.from + line.to} className={classes.line} onClick={() => onLine(line)}>
            <path d={line.path} className={classes.reach} />
            <path d={line.path} className={classes.path} />
            <text x={line.x} y={line.y - 5} textAnchor="middle" className={classes.label}>
              {short(words(line), 26)}
              <title>{words(line)}</title>
            </text>
          </g>
        ))}
        {drawing.boxes.map((box) => (
          <g key={box.model} className={classes.box} data-color={fill[box.type]} data-chosen={chosen === box.model || undefined} onClick={() => onModel(box.model)}>
            <rect x={box.x} y={box.y} width={box.width} height={box.height} rx={8} />
            <text x={box.x + 12} y={box.y + 22} className={classes.name}>
              {short(box.model, 19)}
              <title>{box.model}</title>
            </text>
            <text x={box.x + 12} y={box.y + 40} className={classes.type}>
              {typeTitle(box.type)}
            </text>
          </g>
        ))}
      </svg>
      {chosen !== undefined && (
        <Group mt={4}>
          <Text size="sm" role="status">
            {chosen ? `From ${chosen}: now click the model that it leads to.` : 'Click the model that the relation begins at.'}
          </Text>
        </Group>
      )}
    </div>
  );
}
