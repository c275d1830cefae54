/**
 * How many of a topic's partitions a member of a group is to have. Every member sees the same list and comes to
 * shares that add up to all partitions and differ by one at most. `turn` shifts who gets the odd ones, so that
 * over many topics it is not always the same member.
 */
export const fairShare = (
  partitions: number,
  members: readonly number[],
  self: number,
  turn: number,
): number => {
  const rank = [...members].sort((a, b) => a - b).indexOf(self);
  if (rank < 0) return 0;
  const even = Math.floor(partitions / members.length);
  const odd = partitions % members.length;
  return even + ((rank + turn) % members.length < odd ? 1 : 0);
};
