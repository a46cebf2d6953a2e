import { playSchedules } from './playSchedules.ts';

playSchedules(0, 100);
