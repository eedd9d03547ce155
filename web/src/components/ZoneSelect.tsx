import { Select } from '@mantine/core';
import { useMemo } from 'react';

/** A time zone by its name. */
export function ZoneSelect({ label, description, value, onChange, error }: { label: string; description?: string; value: string; onChange: (zone: string) => void; error?: string }) {
  const zones = useMemo(() => {
    const all = new Set(['UTC', value, Intl.DateTimeFormat().resolvedOptions().timeZone, ...Intl.supportedValuesOf('timeZone')]);
    return [...all].filter(Boolean);
  }, [value]);
  return (
    <Select
      label={label}
      description={description}
      data={zones}
      value={value}
      onChange={(zone) => zone && onChange(zone)}
      searchable
      allowDeselect={false}
      limit={100}
      error={error}
      nothingFoundMessage="No zone is named so"
      comboboxProps={{ transitionProps: { duration: 0 } }}
    />
  );
}
