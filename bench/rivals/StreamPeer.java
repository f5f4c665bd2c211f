import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.WindowStore;

/**
 * What others write for the same counts: Kafka Streams with exactly-once inside Kafka (no dedupe of ids), and a plain consumer without guarantees.
 *   java -cp 'jars/*' StreamPeer.java streams|plain BROKERS TOPIC EVENTS WARM_UP STATE_DIR
 * The last line of stdout is {"events":…,"cpuSeconds":…}: after the warm-up, of this process alone.
 */
public class StreamPeer {
  @JsonIgnoreProperties(ignoreUnknown = true)
  public static class Event {
    public String event_id, event_type, platform, campaign_id;
    public double timestamp, value;
  }

  static class Sums {
    long impressions, clicks, conversions;
    double revenue;

    void add(Event event) {
      switch (event.event_type) {
        case "impression" -> impressions++;
        case "click" -> clicks++;
        default -> { conversions++; revenue += event.value; }
      }
    }
  }

  static final ObjectReader reader = new ObjectMapper().readerFor(Event.class);

  static Event parse(byte[] bytes) {
    try {
      return reader.readValue(bytes);
    } catch (Exception error) {
      throw new RuntimeException(error);
    }
  }

  static final Serde<Event> events = Serdes.serdeFrom(
    (topic, event) -> { throw new UnsupportedOperationException(); }, (topic, bytes) -> bytes == null ? null : parse(bytes));

  static final Serde<Sums> sums = Serdes.serdeFrom(
    (topic, one) -> one == null ? null : ByteBuffer.allocate(32).putLong(one.impressions).putLong(one.clicks).putLong(one.conversions).putDouble(one.revenue).array(),
    (topic, bytes) -> {
      if (bytes == null) return null;
      ByteBuffer from = ByteBuffer.wrap(bytes);
      Sums one = new Sums();
      one.impressions = from.getLong();
      one.clicks = from.getLong();
      one.conversions = from.getLong();
      one.revenue = from.getDouble();
      return one;
    });

  static double cpuSeconds() throws Exception {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
  }

  static void tell(long events, double seconds) {
    System.out.printf("{\"events\":%d,\"cpuSeconds\":%.2f}%n", events, seconds);
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  public static void main(String[] args) throws Exception {
    long total = Long.parseLong(args[3]), warm = Long.parseLong(args[4]);
    if (args[0].equals("streams")) streams(args[1], args[2], total, warm, args[5]);
    else plain(args[1], args[2], total, warm);
  }

  static void streams(String brokers, String topic, long total, long warm, String stateDir) throws Exception {
    AtomicLong seen = new AtomicLong();
    Properties settings = new Properties();
    settings.putAll(Map.of("application.id", "peer-" + System.currentTimeMillis(), "bootstrap.servers", brokers, "processing.guarantee", "exactly_once_v2",
      "num.stream.threads", "1", "auto.offset.reset", "earliest", "state.dir", stateDir, "replication.factor", "1", "statestore.cache.max.bytes", "67108864"));
    settings.putAll(Map.of("commit.interval.ms", "1000", "consumer.max.poll.records", "5000", "consumer.max.partition.fetch.bytes", "4194304",
      "producer.linger.ms", "20", "producer.compression.type", "lz4"));
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(topic, Consumed.with(Serdes.ByteArray(), events).withTimestampExtractor((record, before) -> (long) ((Event) record.value()).timestamp))
      .peek((key, event) -> seen.incrementAndGet())
      // By the campaign: the bench's records have no key. A topic that is keyed by it would spare Streams a copy of every record.
      .selectKey((key, event) -> event.campaign_id.getBytes())
      .mapValues(event -> { Sums one = new Sums(); one.add(event); return one; })
      .groupByKey(Grouped.with(Serdes.ByteArray(), sums))
      .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMinutes(1), Duration.ofHours(2)))
      .reduce((one, other) -> {
        one.impressions += other.impressions;
        one.clicks += other.clicks;
        one.conversions += other.conversions;
        one.revenue += other.revenue;
        return one;
      }, Materialized.<byte[], Sums, WindowStore<Bytes, byte[]>>as("sums").withKeySerde(Serdes.ByteArray()).withValueSerde(sums))
      .toStream().map((window, one) -> KeyValue.pair(new String(window.key()) + "@" + window.window().start(), one))
      .foreach((key, one) -> {});
    KafkaStreams running = new KafkaStreams(builder.build(), settings);
    running.start();
    while (seen.get() < warm) Thread.sleep(5);
    long from = seen.get();
    double before = cpuSeconds();
    while (seen.get() < total) Thread.sleep(5);
    tell(seen.get() - from, cpuSeconds() - before);
  }

  static void plain(String brokers, String topic, long total, long warm) throws Exception {
    Properties settings = new Properties();
    settings.putAll(Map.of("bootstrap.servers", brokers, "max.poll.records", "5000", "max.partition.fetch.bytes", "4194304"));
    HashMap<String, Sums> counted = new HashMap<>();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = List.of(new TopicPartition(topic, 0));
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long seen = 0, from = 0;
      double before = 0;
      while (seen < total) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
          Event event = parse(record.value());
          counted.computeIfAbsent(event.campaign_id + "@" + (long) (event.timestamp / 60_000), key -> new Sums()).add(event);
          seen++;
        }
        if (from == 0 && seen >= warm) {
          from = seen;
          before = cpuSeconds();
        }
      }
      tell(seen - from, cpuSeconds() - before);
    }
  }
}
