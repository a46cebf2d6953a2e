import { playSchedules } from './playSchedules.ts';

playSchedules(100, 200);
