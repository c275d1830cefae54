export { accrual } from './service.js';
export { ReceiptsConsumer } from './receipts/receipts.consumer.js';
export { toReceiptFact } from './intake/receipt-form.js';
