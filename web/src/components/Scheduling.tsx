import { ActionIcon, Button, Chip, Group, NumberInput, Paper, Radio, Select, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';

import { nextTimesQuery } from '../api/activations';
import { days, scheduleOf, scheduleTrouble } from '../lib/schedule';
import type { Day, ScheduleDraft, Unit } from '../lib/schedule';
import { away, clock, utc, zone } from '../lib/time';
import { ZoneSelect } from './ZoneSelect';

const kinds = [
  { value: 'every', label: 'At an interval', description: 'Such as every hour' },
  { value: 'recurrences', label: 'On days at a time', description: 'Such as Monday to Friday at 09:00' },
  { value: 'cron', label: 'By a cron text', description: 'For who knows cron' },
  { value: 'manual', label: 'By hand', description: 'Only when somebody runs it' },
] as const;

// When a schedule is due next, as the service works it out, in the viewer's zone.
function NextTimes({ draft }: { draft: ScheduleDraft }) {
  const [settled] = useDebouncedValue(draft, 300);
  const trouble = scheduleTrouble(settled);
  const schedule = scheduleOf(settled);
  const next = useQuery({ ...nextTimesQuery(schedule), enabled: !trouble && schedule !== 'manual', placeholderData: (before) => before });
  if (schedule === 'manual')
    return <Text size="sm">The list changes only when somebody runs the activation, here or by the command line.</Text>;
  if (trouble)
    return (
      <Text size="sm" c="var(--mantine-color-error)" role="alert">
        {trouble}
      </Text>
    );
  if (next.isError)
    return (
      <Text size="sm" c="var(--mantine-color-error)" role="alert">
        {next.error.detail || next.error.title} {next.error.remedy}
      </Text>
    );
  return (
    <div aria-live="polite">
      <Text size="sm" fw={600}>
        The next five times, in your zone ({zone()})
      </Text>
      <Text component="ol" size="sm" m={0} pl="lg" mih="8em">
        {next.data?.items.map((at) => (
          <li key={at}>
            <time dateTime={at} title={utc(at)}>
              {clock(at)}
            </time>{' '}
            <Text span c="dimmed" size="sm">
              {away(at)}
            </Text>
          </li>
        ))}
      </Text>
    </div>
  );
}

// How often: the four kinds of schedule.
export function Scheduling({ value, onChange, label = 'How often' }: { value: ScheduleDraft; onChange: (value: ScheduleDraft) => void; label?: string }) {
  const set = (change: Partial<ScheduleDraft>) => onChange({ ...value, ...change });
  const setRecurrence = (index: number, change: Partial<ScheduleDraft['recurrences'][number]>) =>
    set({ recurrences: value.recurrences.map((one, i) => (i === index ? { ...one, ...change } : one)) });
  return (
    <Stack>
      <Radio.Group label={label} value={value.kind} onChange={(kind) => set({ kind: kind as ScheduleDraft['kind'] })}>
        <Group mt="xs" gap="lg">
          {kinds.map((kind) => (
            <Radio key={kind.value} value={kind.value} label={kind.label} description={kind.description} />
          ))}
        </Group>
      </Radio.Group>
      {value.kind === 'every' && (
        <Group align="flex-end" gap="xs">
          <NumberInput
            label="Every"
            w={100}
            min={1}
            max={1000}
            allowDecimal={false}
            value={value.amount}
            onChange={(amount) => set({ amount: typeof amount === 'number' ? amount : '' })}
          />
          <Select
            label="Unit"
            w={140}
            allowDeselect={false}
            data={[
              { value: 'm', label: 'minutes' },
              { value: 'h', label: 'hours' },
              { value: 'd', label: 'days' },
            ]}
            value={value.unit}
            onChange={(unit) => set({ unit: (unit ?? 'h') as Unit })}
          />
        </Group>
      )}
      {value.kind === 'recurrences' && (
        <Stack gap="sm">
          {value.recurrences.map((one, i) => (
            <Paper key={i} withBorder p="sm" role="group" aria-label={`Time ${i + 1}`}>
              <Group align="flex-end" gap="md">
                <div role="group" aria-label="Days">
                  <Text size="sm" fw={500} mb={4}>
                    Days
                  </Text>
                  <Chip.Group multiple value={one.days} onChange={(chosen) => setRecurrence(i, { days: chosen as Day[] })}>
                    <Group gap={4}>
                      {days.map((day) => (
                        <Chip key={day.value} value={day.value} size="sm">
                          {day.label}
                        </Chip>
                      ))}
                    </Group>
                  </Chip.Group>
                </div>
                <TextInput label="At" type="time" w={150} value={one.at} onChange={(event) => setRecurrence(i, { at: event.currentTarget.value })} />
                <ZoneSelect label="Time zone" value={one.tz} onChange={(tz) => setRecurrence(i, { tz })} />
                {value.recurrences.length > 1 && (
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    size="lg"
                    aria-label={`Remove time ${i + 1}`}
                    onClick={() => set({ recurrences: value.recurrences.filter((_, k) => k !== i) })}
                  >
                    ✕
                  </ActionIcon>
                )}
              </Group>
            </Paper>
          ))}
          <div>
            <Button
              variant="default"
              size="xs"
              onClick={() => set({ recurrences: [...value.recurrences, { days: ['sat', 'sun'], at: '09:00', tz: value.recurrences.at(-1)?.tz ?? zone() }] })}
            >
              Add another time
            </Button>
          </div>
        </Stack>
      )}
      {value.kind === 'cron' && (
        <Group align="flex-end">
          <TextInput
            label="Cron text"
            description="Minute, hour, day of month, month, day of week"
            value={value.cron}
            onChange={(event) => set({ cron: event.currentTarget.value })}
            ff="monospace"
          />
          <ZoneSelect label="Time zone" value={value.tz} onChange={(tz) => set({ tz })} />
        </Group>
      )}
      <NextTimes draft={value} />
    </Stack>
  );
}
