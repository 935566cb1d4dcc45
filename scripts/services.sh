# What tests and measurements need beside Go: sourced by scripts/test and scripts/bevis, from the repository's root.
#
# Each thing is one function, provide_NAME. It uses what is there or what its variable already names, installs a Debian
# package where it may, starts a service of our own where it must, and exports the variable. What it cannot get it hands to
# lack, and returns; have_all then tells everything at once. A service that was started also has stop_NAME.
#
# Services are our own: data below .test/, a free port, only on 127.0.0.1. The distribution's own ones are not touched.

missing=() # what could not be had, one line each
started=() # services this run has started

# lack WHAT COMMAND VARIABLE notes something that a person must install or name.
lack() {
  missing+=("$(printf '  %-18s %-32s or set %s' "$1" "$2" "$3")")
}

have_all() {
  [ ${#missing[@]} -eq 0 ] && return
  {
    echo
    echo "The tests need what this machine lacks and this user cannot install:"
    printf '%s\n' "${missing[@]}"
    echo "Install it as root, or let a user with sudo run this; or run 'bash scripts/test --quick', which skips what needs it."
  } >&2
  return 1
}

# lock_checkout makes this the only run that has services in this checkout: they live in one folder. The lock is held on
# descriptor 9 until the shell ends.
lock_checkout() {
  exec 9>.test/lock
  flock -n 9 || {
    echo "another run in this checkout is not finished; waiting for it"
    flock 9
  }
}

# as_root COMMAND... runs it as root; false where we are not and may not become it.
as_root() {
  if [ "$EUID" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    sudo "$@"
  else
    return 1
  fi
}

apt_updated=

# packages NAME... installs Debian packages; false where that is not possible.
packages() {
  command -v apt-get >/dev/null && as_root true || return 1
  echo "installing $*"
  {
    # Once, and only when something is missing: a machine that has all needs no network here.
    if [ -z "$apt_updated" ]; then
      as_root apt-get update && apt_updated=yes
    fi &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
  } >.test/apt.log 2>&1 </dev/null || {
    tail -n 5 .test/apt.log >&2
    return 1
  }
}

# free_port prints a port nobody listens on, below those the kernel gives to outgoing connections. Someone may take it
# before we do, so a caller tries again with another.
free_port() {
  local port
  while :; do
    port=$((RANDOM % 10000 + 20000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# The race detector is built with cgo.
provide_compiler() {
  command -v "$(go env CC)" >/dev/null || packages gcc libc6-dev || lack "C compiler" "apt-get install gcc libc6-dev" CC
}

# ---- a disk that becomes full

# mounts tells whether a file system can be mounted here: by root only, and not in every container.
mounts() {
  local dir made=
  dir=$(mktemp -d)
  if mount -t tmpfs -o size=1m mox "$dir" 2>/dev/null; then
    umount "$dir"
    made=yes
  fi
  rmdir "$dir"
  [ -n "$made" ]
}

# ---- a clean root file system, to install the package in

provide_rod() {
  if [ -n "${MOX_TEST_ROD:-}" ]; then
    return
  fi
  local release
  release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  MOX_TEST_ROD=$PWD/.test/rod-$release.tar
  if [ ! -s "$MOX_TEST_ROD" ]; then
    command -v mmdebstrap >/dev/null || packages mmdebstrap
    echo "making a root file system of $release"
    mmdebstrap --variant=essential --include=passwd "$release" "$MOX_TEST_ROD" >.test/rod.log 2>&1 </dev/null || {
      rm -f "$MOX_TEST_ROD"
      tail -n 5 .test/rod.log >&2
      lack "root file system" "apt-get install mmdebstrap" "MOX_TEST_ROD to a tar of one"
      return
    }
  fi
  export MOX_TEST_ROD
}

# ---- xmllint

# The official schemas, which it is used with, are looked for by the tests themselves.
provide_xmllint() {
  if [ -n "${MOX_TEST_XMLLINT:-}" ]; then
    return
  fi
  MOX_TEST_XMLLINT=$(command -v xmllint) || { packages libxml2-utils && MOX_TEST_XMLLINT=$(command -v xmllint); } || {
    lack xmllint "apt-get install libxml2-utils" "MOX_TEST_XMLLINT to the program"
    return
  }
  export MOX_TEST_XMLLINT
}

# ---- curl

provide_curl() {
  if [ -n "${MOX_TEST_CURL:-}" ]; then
    return
  fi
  MOX_TEST_CURL=$(command -v curl) || { packages curl && MOX_TEST_CURL=$(command -v curl); } || {
    lack curl "apt-get install curl" "MOX_TEST_CURL to the program"
    return
  }
  export MOX_TEST_CURL
}

# ---- hunspell

provide_hunspell() {
  if [ -n "${MOX_TEST_HUNSPELL:-}" ]; then
    return
  fi
  MOX_TEST_HUNSPELL=$(danish_hunspell) || { packages hunspell hunspell-da && MOX_TEST_HUNSPELL=$(danish_hunspell); } || {
    lack "hunspell in Danish" "apt-get install hunspell hunspell-da" "MOX_TEST_HUNSPELL to a hunspell that has da_DK"
    return
  }
  export MOX_TEST_HUNSPELL
}

# danish_hunspell prints the program if it has the dictionary: without it, it ends with an error.
danish_hunspell() {
  local program
  program=$(command -v hunspell) && echo ja | "$program" -d da_DK -l >/dev/null 2>&1 && echo "$program"
}

# ---- LibreOffice, which reckons a workbook as its readers' programs do

provide_libreoffice() {
  if [ -n "${MOX_TEST_LIBREOFFICE:-}" ]; then
    return
  fi
  MOX_TEST_LIBREOFFICE=$(spreadsheets) || { packages libreoffice-calc-nogui && MOX_TEST_LIBREOFFICE=$(spreadsheets); } || {
    lack "LibreOffice Calc" "apt-get install libreoffice-calc-nogui" "MOX_TEST_LIBREOFFICE to soffice with Calc"
    return
  }
  export MOX_TEST_LIBREOFFICE
}

# spreadsheets prints the program if it can open spreadsheets: the program itself comes with any part of the suite.
spreadsheets() {
  local program
  program=$(command -v soffice) && ls "$(dirname "$(readlink -f "$program")")"/libscfiltlo.so >/dev/null 2>&1 && echo "$program"
}

# ---- PostgreSQL

provide_postgres() {
  if [ -n "${MOX_TEST_POSTGRES_URL:-}" ]; then
    return
  fi
  local bin home
  bin=$(postgres_bin) || { packages postgresql && bin=$(postgres_bin); } || {
    lack "PostgreSQL server" "apt-get install postgresql" "MOX_TEST_POSTGRES_URL to one where the user may create databases"
    return
  }
  stop_postgres || return # one that an earlier run has left
  home=$(postgres_home) || return
  echo "$home" >.test/postgres.path
  started+=(postgres)
  postgres_as_user "$bin/initdb" --pgdata "$home/data" --username postgres --auth trust \
    --encoding UTF8 --locale C.UTF-8 >.test/initdb.log || return
  # Everyone is let in, but for those whom a test gives a password, by this role.
  sed -i '1i host all +mox_kodeord 127.0.0.1/32 scram-sha-256' "$home/data/pg_hba.conf" || return
  rm -rf .test/postgres-tls && mkdir .test/postgres-tls && go run ./internal/testenv/certs "$PWD/.test/postgres-tls" || return
  cp .test/postgres-tls/server.pem .test/postgres-tls/server.key "$home/data/" && chmod 600 "$home/data/server.key" || return
  [ "$EUID" -ne 0 ] || chown postgres: "$home"/data/server.* || return
  local _
  for _ in 1 2 3; do
    if postgres_start "$bin" "$home"; then
      return
    fi
  done
  tail -n 20 "$home/log" >&2
  return 1
}

postgres_start() {
  local bin=$1 home=$2 port
  port=$(free_port)
  # No socket in the file system: its path may not be longer than 107 bytes, and a checkout can lie deep.
  cat >"$home/data/postgresql.auto.conf" <<CONF
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
fsync = on
ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
CONF
  # The server must not hold the checkout's lock when we are gone.
  postgres_as_user "$bin/pg_ctl" --pgdata "$home/data" --log "$home/log" --wait --timeout 60 start >/dev/null 9>&- || return
  export MOX_TEST_POSTGRES_URL="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
  export MOX_TEST_POSTGRES_KODEORD=mox_kodeord MOX_TEST_POSTGRES_TLS_DIR="$PWD/.test/postgres-tls"
}

# stop_postgres ends the server that .test/postgres.path names, if any, and removes its data; the log is kept.
stop_postgres() {
  [ -f .test/postgres.path ] || return 0
  local home pid
  home=$(cat .test/postgres.path)
  pid=$(head -n 1 "$home/data/postmaster.pid" 2>/dev/null)
  # After a crash or a restart of the machine the number may be another process's.
  if [ -n "$pid" ] && grep -aqsF "$home/data" "/proc/$pid/cmdline"; then
    # immediate: the data are of no more use.
    postgres_as_user "$(postgres_bin)/pg_ctl" --pgdata "$home/data" --mode immediate stop >/dev/null || return
  fi
  [ -f "$home/log" ] && cp "$home/log" .test/postgres.log
  case $home in
  */.test/postgres | /var/tmp/mox-test-postgres.*) rm -rf "$home" ;;
  esac
  rm .test/postgres.path
}

# postgres_bin prints the folder of the newest server's programs: Debian keeps them off the PATH.
postgres_bin() {
  local dir
  dir=$(find /usr/lib/postgresql/*/bin -name initdb 2>/dev/null | sort -V | tail -n 1)
  [ -n "$dir" ] || dir=$(command -v initdb) || return 1
  dirname "$dir"
}

# postgres_home makes an empty folder that the server's user can reach and prints its name.
postgres_home() {
  local home=$PWD/.test/postgres
  if [ "$EUID" -eq 0 ] && ! postgres_as_user test -x "$PWD/.test"; then
    home=$(mktemp -d /var/tmp/mox-test-postgres.XXXXXX) # a checkout below /root, say
  fi
  rm -rf "$home" && mkdir -p "$home" && chmod 700 "$home" || return
  if [ "$EUID" -eq 0 ]; then
    chown postgres: "$home"
  fi
  echo "$home"
}

# postgres_as_user runs a command as someone the server accepts: it refuses root.
postgres_as_user() (
  if [ "$EUID" -eq 0 ]; then
    cd / # our own folder may be closed to that user
    exec runuser -u postgres -- "$@"
  fi
  exec "$@"
)

# ---- RabbitMQ

provide_rabbitmq() {
  if [ -n "${MOX_TEST_RABBITMQ_URL:-}" ] && [ -n "${MOX_TEST_RABBITMQ_API:-}" ]; then
    if [ -z "${MOX_TEST_RABBITMQ_TLS:-}" ] || [ -z "${MOX_TEST_RABBITMQ_TLS_DIR:-}" ]; then
      lack "RabbitMQ with TLS" "unset MOX_TEST_RABBITMQ_URL" "MOX_TEST_RABBITMQ_TLS to its amqps address and MOX_TEST_RABBITMQ_TLS_DIR to a folder with ca.pem and ca.key (see internal/testenv/certs)"
    fi
    return
  fi
  local server
  server=$(rabbitmq_server) || { packages rabbitmq-server && server=$(rabbitmq_server); } || {
    lack "RabbitMQ server" "apt-get install rabbitmq-server" "MOX_TEST_RABBITMQ_URL and MOX_TEST_RABBITMQ_API (its management plugin) to one where the user may make vhosts"
    return
  }
  stop_rabbitmq || return # one that an earlier run has left
  local home
  home=$(rabbitmq_home) || return
  started+=(rabbitmq)
  local _
  for _ in 1 2 3; do
    if rabbitmq_start "$server" "$home"; then
      return
    fi
  done
  tail -n 20 "$home/out" >&2
  return 1
}

# rabbitmq_start starts a node of our own, with ports of our own for all it listens on, and waits until it is up.
rabbitmq_start() {
  local server=$1 home=$2 amqp amqps api dist epmd
  amqp=$(free_port) amqps=$(free_port) api=$(free_port) dist=$(free_port) epmd=$(free_port)
  rm -rf "$home/data" "$home/log" "$home/tls"
  mkdir "$home/tls" && go run ./internal/testenv/certs "$home/tls" || return
  cat >"$home/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$amqp
listeners.ssl.1 = 127.0.0.1:$amqps
ssl_options.cacertfile = $home/tls/ca.pem
ssl_options.certfile = $home/tls/server.pem
ssl_options.keyfile = $home/tls/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = false
ssl_cert_login_from = common_name
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = EXTERNAL
management.tcp.ip = 127.0.0.1
management.tcp.port = $api
CONF
  echo '[rabbitmq_management,rabbitmq_auth_mechanism_ssl].' >"$home/plugins"
  chown -R rabbitmq: "$home" 2>/dev/null
  echo "$home $epmd" >.test/rabbitmq.path
  # 9>&-: the server must not hold the checkout's lock when we are gone.
  rabbitmq_as_user env HOME="$home" RABBITMQ_NODENAME="mox-test-$amqp@localhost" RABBITMQ_DIST_PORT="$dist" ERL_EPMD_PORT="$epmd" ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_MNESIA_BASE="$home/data" RABBITMQ_LOG_BASE="$home/log" RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$home/plugins" RABBITMQ_PID_FILE="$home/pid" "$server" >"$home/out" 2>&1 </dev/null 9>&- &
  local pid=$! _
  for _ in $(seq 600); do
    if grep -qs 'completed with' "$home/out"; then
      export MOX_TEST_RABBITMQ_URL="amqp://guest:guest@127.0.0.1:$amqp/" MOX_TEST_RABBITMQ_API="http://guest:guest@127.0.0.1:$api"
      export MOX_TEST_RABBITMQ_TLS="amqps://127.0.0.1:$amqps/" MOX_TEST_RABBITMQ_TLS_DIR="$home/tls"
      return
    fi
    kill -0 $pid 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

# stop_rabbitmq ends the node that .test/rabbitmq.path names, if any, and removes its data; the log is kept.
stop_rabbitmq() {
  [ -f .test/rabbitmq.path ] || return 0
  local home epmd pid
  read -r home epmd <.test/rabbitmq.path
  pid=$(cat "$home/pid" 2>/dev/null)
  # After a crash or a restart of the machine the number may be another process's.
  if [ -n "$pid" ] && grep -aqsF "$home" "/proc/$pid/environ" "/proc/$pid/cmdline"; then
    kill -9 "$pid"
  fi
  local _
  for _ in $(seq 50); do # it stays until it has seen that its node is gone
    ERL_EPMD_PORT=$epmd epmd -kill 2>&1 | grep -q 'not allowed' || break
    sleep 0.1
  done
  cat "$home"/log/*.log >.test/rabbitmq.log 2>/dev/null
  case $home in
  */.test/rabbitmq | /var/tmp/mox-test-rabbitmq.*) rm -rf "$home" ;;
  esac
  rm .test/rabbitmq.path
}

# rabbitmq_server prints the server's program: the one on the PATH insists on being root.
rabbitmq_server() {
  local program
  for program in /usr/lib/rabbitmq/bin/rabbitmq-server "$(command -v rabbitmq-server)"; do
    [ -x "$program" ] && echo "$program" && return
  done
  return 1
}

# rabbitmq_home makes an empty folder that the server's user can reach and prints its name.
rabbitmq_home() {
  local home=$PWD/.test/rabbitmq
  if [ "$EUID" -eq 0 ] && ! rabbitmq_as_user test -x "$PWD/.test"; then
    home=$(mktemp -d /var/tmp/mox-test-rabbitmq.XXXXXX)
  fi
  rm -rf "$home" && mkdir -p "$home" && chmod 700 "$home" && echo "$home"
}

rabbitmq_as_user() (
  if [ "$EUID" -eq 0 ]; then
    cd /
    exec runuser -u rabbitmq -- "$@"
  fi
  exec "$@"
)

# ---- an object store with S3: OpenStack Swift

provide_s3() {
  if [ -n "${MOX_TEST_S3_URL:-}" ]; then
    return
  fi
  # The library alone, which holds the servers too: Debian's packages of those start daemons of their own.
  has_python swift.common.wsgi || { packages python3 python3-swift && has_python swift.common.wsgi; } || {
    lack "OpenStack Swift" "apt-get install python3-swift" "MOX_TEST_S3_URL to http://KEY:SECRET@HOST:PORT of an S3 where the key may make buckets"
    return
  }
  stop_s3 || return # one that an earlier run has left
  local home _
  home=$(s3_home) || {
    lack "extended attributes" "a file system with user.* ones below .test or /var/tmp" "MOX_TEST_S3_URL to http://KEY:SECRET@HOST:PORT of an S3 where the key may make buckets"
    return
  }
  echo "$home" >.test/s3.path
  started+=(s3)
  # 9>&-: the server must not hold the checkout's lock when we are gone.
  /usr/bin/python3 internal/testenv/s3.py "$home" >"$home/url" 2>.test/s3.log </dev/null 9>&- &
  local pid=$!
  echo $pid >"$home/pid"
  disown # that it is killed later is no news
  for _ in $(seq 600); do
    if [ -s "$home/url" ]; then # when a bucket can be made
      MOX_TEST_S3_URL=$(cat "$home/url")
      export MOX_TEST_S3_URL
      return
    fi
    kill -0 $pid 2>/dev/null || break
    sleep 0.1
  done
  echo "the object store has not started" >&2
  tail -n 20 .test/s3.log >&2
  return 1
}

# stop_s3 ends the server that .test/s3.path names, if any, and removes its data; the log is kept.
stop_s3() {
  [ -f .test/s3.path ] || return 0
  local home pid
  home=$(cat .test/s3.path)
  pid=$(cat "$home/pid" 2>/dev/null)
  # After a crash or a restart of the machine the number may be another process's.
  if [ -n "$pid" ] && grep -aqsF "$home" "/proc/$pid/cmdline"; then
    kill -9 "$pid"
    while grep -aqsF "$home" "/proc/$pid/cmdline"; do # it may be writing
      sleep 0.1
    done
  fi
  case $home in
  */.test/s3 | /var/tmp/mox-test-s3.*) rm -rf "$home" ;;
  esac
  rm .test/s3.path
}

# s3_home makes an empty folder for the data and prints its name. It must have extended attributes, in which Swift keeps what
# it knows of an object; a tmpfs has them only in newer kernels.
s3_home() {
  local home=$PWD/.test/s3
  rm -rf "$home" && mkdir -p "$home" || return
  if ! has_attributes "$home"; then
    rmdir "$home"
    home=$(mktemp -d /var/tmp/mox-test-s3.XXXXXX) || return
    if ! has_attributes "$home"; then
      rmdir "$home"
      return 1
    fi
  fi
  echo "$home"
}

has_attributes() { /usr/bin/python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.mox", b"1")' "$1" 2>/dev/null; }

# ---- programs that are not ours

# An AMQP client.
provide_pika() { provide_python pika MOX_TEST_PIKA; }

# amqp-publish and amqp-consume, on the C client.
provide_amqptools() {
  if [ -n "${MOX_TEST_AMQPTOOLS:-}" ]; then
    return
  fi
  command -v amqp-publish >/dev/null || { packages amqp-tools && command -v amqp-publish >/dev/null; } || {
    lack amqp-tools "apt-get install amqp-tools" "MOX_TEST_AMQPTOOLS to the folder of amqp-publish and amqp-consume"
    return
  }
  MOX_TEST_AMQPTOOLS=$(dirname "$(command -v amqp-publish)")
  export MOX_TEST_AMQPTOOLS
}

# A SOAP client that is not ours.
provide_zeep() { provide_python zeep MOX_TEST_ZEEP; }

# A mail server.
provide_smtp() { provide_python aiosmtpd MOX_TEST_SMTP; }

# A server for mailboxes: Dovecot, which each test starts for itself.
provide_imap() {
  if [ -z "${MOX_TEST_IMAP:-}" ]; then
    [ -x /usr/sbin/dovecot ] || packages dovecot-imapd && [ -x /usr/sbin/dovecot ] || {
      lack Dovecot "apt-get install dovecot-imapd" "MOX_TEST_IMAP to its program dovecot"
      return
    }
    export MOX_TEST_IMAP=/usr/sbin/dovecot
  fi
}

# An SFTP server: OpenSSH's, which each test starts for itself. It looks up passwords in files of the machine's; a test that
# logs in with one gives it others, where file systems can be mounted.
provide_sftp() {
  if [ -z "${MOX_TEST_SFTP:-}" ]; then
    [ -x /usr/sbin/sshd ] || packages openssh-server && [ -x /usr/sbin/sshd ] || {
      lack "OpenSSH server" "apt-get install openssh-server" "MOX_TEST_SFTP to its program sshd"
      return
    }
    export MOX_TEST_SFTP=/usr/sbin/sshd
  fi
  if [ -z "${MOX_TEST_SFTP_UNSHARE:-}" ] && mounts && command -v unshare >/dev/null; then
    MOX_TEST_SFTP_UNSHARE=$(command -v unshare)
    export MOX_TEST_SFTP_UNSHARE
  fi
}

# provide_python MODULE VARIABLE names a Python that has the module: Debian's, whose package has the module's name.
provide_python() {
  local module=$1 variable=$2
  if [ -n "${!variable:-}" ]; then
    return
  fi
  has_python "$module" || { packages python3 "python3-$module" && has_python "$module"; } || {
    lack "$module for Python" "apt-get install python3-$module" "$variable to a Python that has it"
    return
  }
  export "$variable=/usr/bin/python3"
}

has_python() { /usr/bin/python3 -c "import $1" 2>/dev/null; }

# ---- Chromium

provide_chromium() {
  if [ -n "${MOX_TEST_CHROMIUM:-}" ]; then
    return
  fi
  local how="apt-get install chromium"
  if ubuntu; then
    how="snap install chromium"
  fi
  MOX_TEST_CHROMIUM=$(find_chromium) || { install_chromium && MOX_TEST_CHROMIUM=$(find_chromium); } || {
    lack Chromium "$how" "MOX_TEST_CHROMIUM to a Chromium or Chrome"
    return
  }
  export MOX_TEST_CHROMIUM
}

# find_chromium tries each candidate: Ubuntu's chromium-browser is there without a browser behind it.
find_chromium() {
  local name found
  for name in google-chrome google-chrome-stable chromium chromium-browser /snap/bin/chromium; do
    found=$(command -v "$name") || continue
    if timeout 60 "$found" --version 2>/dev/null </dev/null | grep -Eq 'Chrom(e|ium) [0-9]'; then
      echo "$found"
      return
    fi
  done
  return 1
}

install_chromium() {
  if ubuntu; then
    command -v snap >/dev/null && as_root snap install chromium >.test/snap.log 2>&1
  else
    packages chromium
  fi
}

# Ubuntu has Chromium as a snap only.
ubuntu() { grep -qs '^ID=ubuntu' /etc/os-release; }
