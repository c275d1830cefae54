import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { Accounts, isOwn } from '@tallystick/accounts';
import { certificateList } from '@tallystick/contracts';
import { accountId, programId, type Clock } from '@tallystick/kernel';
import {
  Allow,
  CallerParam,
  CLOCK,
  hasRole,
  mayAccount,
  mayProgram,
  type Caller,
  type Role,
} from '@tallystick/service-host';
import { accountMerged, accountUnknown, programUnknown } from '../corrections/problems.js';
import { Catalog } from '../programs/catalog.js';
import { listCertificates } from './list-certificates.js';

class Certificates extends createZodDto(certificateList) {}

const staff: readonly Role[] = ['store', 'manager', 'auditor'];

@ApiTags('certificates')
@Controller('/v1/certificates')
export class CertificatesController {
  constructor(
    @Inject(Accounts) readonly accounts: Accounts,
    @Inject(Catalog) readonly catalog: Catalog,
    @Inject(CLOCK) readonly clock: Clock,
  ) {}

  @Get('/:program/:account')
  @Allow('member', 'store', 'manager', 'auditor')
  @ApiOperation({
    summary: "An account's gift certificates, and why each is what it is",
    description:
      'Which period, threshold and version of the rulebook gave it, and the days and receipts that it counts. A member sees those of its own account.',
  })
  @ApiOkResponse({ type: Certificates })
  @ApiResponse({ status: 404, description: 'program-unknown, account-unknown' })
  @ApiResponse({ status: 409, description: 'account-merged' })
  async list(
    @Param('program') named: string,
    @Param('account') of: string,
    @CallerParam() caller: Caller,
  ) {
    mayProgram(caller, named);
    const [program, account] = [programId(named), accountId(of)];
    const isStaff = hasRole(caller, ...staff);
    // Says no, in the words of every other route.
    if (!isStaff && !(await isOwn(this.accounts, program, caller.account, [account])))
      mayAccount(caller, account);
    const answer = await listCertificates(this, program, account);
    switch (answer.kind) {
      case 'listed':
        return answer.list;
      case 'program-unknown':
        throw programUnknown(named);
      case 'account-unknown':
        throw accountUnknown(of);
      case 'account-merged':
        throw accountMerged(account, answer.successor);
    }
  }
}
