import { Box, Text } from '@mantine/core';
import { Fragment } from 'react';
import type { ReactNode } from 'react';

import classes from './KeyValue.module.css';

// Pairs of a word and its value.
export function KeyValue({ pairs }: { pairs: [string, ReactNode][] }) {
  return (
    <Box component="dl" className={classes.list}>
      {pairs.map(([key, value]) => (
        <Fragment key={key}>
          <Text component="dt" size="sm" c="dimmed">
            {key}
          </Text>
          <Text component="dd" size="sm" dir="auto">
            {value}
          </Text>
        </Fragment>
      ))}
    </Box>
  );
}
