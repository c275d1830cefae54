import type { Kafka } from 'kafkajs';
import { protocolErrorOf } from './errors.js';
import { call, createsCluster, objectOf } from './inner-kafka.js';

/**
 * Takes a member out of its group that lost the broker and has ended since: a broker that comes back takes it for alive, and shares no
 * partition out anew until it has missed it for the session's time. kafkajs lets only a member that is connected leave.
 */
export const leaveGroup = async (
  kafka: Kafka,
  member: { readonly groupId: string; readonly memberId: string },
): Promise<void> => {
  const cluster = objectOf(call(kafka, createsCluster(kafka), {}));
  try {
    await call(cluster, 'connect');
    const { groupId } = member;
    await call(
      objectOf(await call(cluster, 'findGroupCoordinator', { groupId })),
      'leaveGroup',
      member,
    );
  } catch (error) {
    if (protocolErrorOf(error) !== 'UNKNOWN_MEMBER_ID') throw error;
  } finally {
    await call(cluster, 'disconnect');
  }
};
