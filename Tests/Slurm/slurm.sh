#!/usr/bin/env bash
# A real Slurm of a few nodes, all of them this machine, for tests. Debian or Ubuntu, as root.
#
#   slurm.sh install          the packages, where they are missing
#   slurm.sh start DIR [N]    controller and N nodes (3), all files in DIR; then: export SLURM_CONF=DIR/slurm.conf
#   slurm.sh kill DIR WHO     kill -9 of `slurmctld`, or of the daemon of a node such as `n2`
#   slurm.sh again DIR WHO    starts it again
#   slurm.sh stop DIR         ends what `start` began, and nothing else
set -euo pipefail

say() { echo "slurm.sh: $*" >&2; }

install_packages() {
  command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v sbatch >/dev/null && command -v munged >/dev/null && return
  [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || { say "needs root and apt-get to install Slurm"; exit 1; }
  apt-get update -qq
  # the packages' own services have no configuration and cannot start here
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge >/dev/null
}

# Ports are counted from one that depends on the folder, so that several can run beside each other; below those that Linux
# gives to whoever connects to something.
port() { echo $((20000 + $(printf %s "$dir" | cksum | cut -d' ' -f1) % 12000 + $1)); }

configure() {
  local host i
  host=$(hostname -s)
  # what was in the queue of an earlier one would start again
  rm -rf "$dir"/{state,pid,munge} "$dir"/spool-*
  mkdir -p "$dir"/{state,log,pid,munge}
  chmod 755 "$dir"
  head -c 1024 /dev/urandom > "$dir/munge/key"
  chmod 400 "$dir/munge/key"
  chmod 711 "$dir/munge"
  chown -R munge: "$dir/munge"
  {
    cat <<CONF
ClusterName=blockfuse
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(port 0)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# a task that is requeued waits as long as a credential lasts: two minutes, were it not said here
AuthInfo=socket=$dir/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool-%n
SlurmctldPidFile=$dir/pid/slurmctld
SlurmdPidFile=$dir/pid/%n
SlurmctldLogFile=$dir/log/slurmctld
SlurmdLogFile=$dir/log/%n
# loopback only
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
# each node claims two processors, whatever the machine has
SlurmdParameters=config_overrides
# no control groups, which containers seldom have
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$dir/log/jobs
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1
JobRequeue=1
ReturnToService=2
MinJobAge=3600
# so that a level of eight tasks needs two arrays
MaxArraySize=6
KillWait=3
SlurmdTimeout=5
InactiveLimit=0
CONF
    for ((i = 1; i <= nodes; i++)); do
      echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$(port "$i") CPUs=2 State=UNKNOWN"
    done
    echo "PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=INFINITE State=UP"
  } > "$dir/slurm.conf"
}

launch() {
  case $1 in
    munged)
      runuser -u munge -- munged --socket="$dir/munge/socket" --key-file="$dir/munge/key" --pid-file="$dir/munge/pid" \
        --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" ;;
    slurmctld) slurmctld -f "$dir/slurm.conf" ;;
    *) slurmd -f "$dir/slurm.conf" -N "$1" ;;
  esac
}

is_alive() {
  local pid
  pid=$(pid_of "$1") && kill -0 "$pid" 2>/dev/null
}

pid_of() { case $1 in munged) cat "$dir/munge/pid" ;; *) cat "$dir/pid/$1" ;; esac 2>/dev/null; }

# True once so many nodes can take tasks, of those that are named, or of all.
await_nodes() {
  local i
  for ((i = 0; i < 300; i++)); do
    [ "$(sinfo -h -N ${2:+-n "$2"} -o %T 2>/dev/null | grep -cE '^(idle|mixed|allocated)$')" -ge "$1" ] && return
    sleep 0.1
  done
  say "the nodes do not come up; see $dir/log"
  sinfo -N -l >&2 || true
  return 1
}

await_controller() {
  local i
  for ((i = 0; i < 300; i++)); do
    squeue -h >/dev/null 2>&1 && return
    sleep 0.1
  done
  say "slurmctld does not answer; see $dir/log"
  return 1
}

end() {
  local pid i
  # nothing of it is kept: one that takes its time is killed
  pid=$(pid_of "$1") || return 0
  kill "$pid" 2>/dev/null || return 0
  for ((i = 0; i < 30; i++)); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
}

command=${1:-}
case $command in
  install) install_packages; exit ;;
  start | stop | kill | again) dir=$(realpath -m "${2:?a folder is needed}") ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 64 ;;
esac
export SLURM_CONF=$dir/slurm.conf PATH=$PATH:/usr/sbin

stop_all() {
  local file
  timeout 10 scancel -u "$(id -un)" >/dev/null 2>&1 || true
  for file in "$dir"/pid/n*; do [ -e "$file" ] && end "$(basename "$file")"; done
  end slurmctld
  end munged
}

case $command in
  start)
    nodes=${3:-3}
    if is_alive munged || is_alive slurmctld; then say "there is one in $dir already: stop it first"; exit 1; fi
    configure
    trap stop_all EXIT
    launch munged
    launch slurmctld
    await_controller
    for ((i = 1; i <= nodes; i++)); do launch "n$i"; done
    await_nodes "$nodes"
    trap - EXIT
    ;;
  kill)
    pid=$(pid_of "${3:?who?}")
    kill -9 "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    ;;
  again)
    who=${3:?who?}
    is_alive "$who" || launch "$who"
    if [ "$who" = slurmctld ]; then await_controller; else await_nodes 1 "$who"; fi
    ;;
  stop) stop_all ;;
esac
