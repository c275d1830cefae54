"""A till in Python: writes receipts to Kafka, with nothing of Tallystick but proto/.

Reads one receipt as JSON a line from standard input. Each goes to the topic `receipts` as JSON, or as protobuf:

    pip install -r requirements.txt
    buf build -o receipts.binpb            # in proto/
    python till.py --brokers localhost:9092 < receipts.jsonl
    python till.py --brokers localhost:9092 --protobuf receipts.binpb < receipts.jsonl

Ends with an error if a receipt was not acknowledged. Sending the same receipts again is safe.
"""

import argparse
import json
import sys

from confluent_kafka import Producer
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory


def as_json(receipt):
    return json.dumps(receipt).encode(), "application/json"


def as_protobuf(image):
    """What turns a receipt into protobuf. `image`: what `buf build` makes; a till may as well generate code from proto/."""
    files = descriptor_pb2.FileDescriptorSet()
    with open(image, "rb") as file:
        files.ParseFromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    receipt_class = message_factory.GetMessageClass(
        pool.FindMessageTypeByName("tallystick.receipts.v1.Receipt")
    )

    def encode(receipt):
        message = json_format.ParseDict(receipt, receipt_class())
        return message.SerializeToString(), "application/protobuf"

    return encode


def name_of(receipt):
    parts = ("chain", "store", "till", "number", "businessDate")
    return "/".join(receipt[part] for part in parts)


def main():
    arguments = argparse.ArgumentParser(description="Writes receipts to Kafka.")
    arguments.add_argument("--brokers", required=True, help="host:port, separated by commas")
    arguments.add_argument("--topic", default="receipts")
    arguments.add_argument("--protobuf", metavar="IMAGE", help="as protobuf, with this image of proto/")
    options = arguments.parse_args()
    encode = as_protobuf(options.protobuf) if options.protobuf else as_json

    failed = []
    sent = 0
    # Any codec will do. The partitioner is that of Java and of Tallystick: a card keeps its order, whoever writes.
    producer = Producer(
        {
            "bootstrap.servers": options.brokers,
            "enable.idempotence": True,
            "compression.type": "lz4",
            "linger.ms": 20,
            "partitioner": "murmur2_random",
        }
    )

    def acknowledged(error, _message):
        if error is not None:
            failed.append(error)

    for line in sys.stdin:
        receipt = json.loads(line)
        value, content_type = encode(receipt)
        name = name_of(receipt)
        while True:
            try:
                producer.produce(
                    options.topic,
                    key=receipt.get("card") or name,
                    value=value,
                    headers={"content-type": content_type, "ce_id": name},
                    on_delivery=acknowledged,
                )
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
        sent += 1
    producer.flush()
    print(json.dumps({"sent": sent, "failed": len(failed)}))
    if failed:
        sys.exit(f"{len(failed)} receipts were not acknowledged: {failed[0]}")


if __name__ == "__main__":
    main()
