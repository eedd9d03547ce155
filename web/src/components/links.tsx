// Mantine's links and buttons as links of the router, whose paths and parameters are checked.
import { Anchor, Button } from '@mantine/core';
import type { AnchorProps, ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';

type Html = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'color' | 'style'> & { ref?: Ref<HTMLAnchorElement> };

export const LinkTo = createLink((props: AnchorProps & Html) => <Anchor {...props} />);
export const ButtonTo = createLink((props: ButtonProps & Html) => <Button component="a" {...props} />);
