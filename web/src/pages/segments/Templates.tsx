// Rules to begin with.
import { Group, SimpleGrid, Text, Title, UnstyledButton } from '@mantine/core';

import { templatesOf } from '../../rule/templates';
import { useTools } from '../../rule/tools';
import type { ModelShape } from '../../rule/types';
import classes from './Templates.module.css';

export function Templates({ model }: { model: ModelShape }) {
  const { known, change, focus } = useTools();
  const templates = model.fields ? templatesOf(known.shape, model, known.operators) : [];
  if (templates.length === 0) return null;
  return (
    <section aria-label="Templates">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          Begin with
        </Title>
        <Text size="sm" c="dimmed">
          or add your own conditions below
        </Text>
      </Group>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xs">
        {templates.map((one) => (
          <UnstyledButton
            key={one.key}
            className={classes.template}
            onClick={() => {
              change({ type: 'template', name: one.name, root: one.root });
              focus(`add-${one.root.id}`);
            }}
          >
            <Text size="sm" fw={600}>
              {one.title}
            </Text>
            <Text size="xs" c="dimmed">
              {one.text}
            </Text>
          </UnstyledButton>
        ))}
      </SimpleGrid>
    </section>
  );
}
