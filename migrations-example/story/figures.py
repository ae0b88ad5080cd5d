"""The figures at the end: how fast, how much, from the audit log and from the operator's process."""

import os
import time

import audit
import tidegate
from cluster import NAMESPACE

WAITING_FOR = "tidegate.io/waiting-for"
# The operator has nothing to do by then.
IDLE_SECONDS = 15


def milliseconds(seconds):
    return f"{seconds * 1000:.0f} ms"


def of_release(world, since, until):
    """One successful migration and its rollout, as the API server recorded them."""
    report = world.report
    writes = [write for write in world.audit.writes(NAMESPACE, since) if write.received <= until]
    operator = [write for write in writes if write.user == audit.OPERATOR]

    applied = next(write for write in writes if write.resource == "migrations" and write.user != audit.OPERATOR)
    job = world.jobs_created(since)[0]
    log = "audit log, release 2"
    report.figure("Migration applied to Job created", milliseconds(job.answered - applied.answered), log)

    proven = world.proven(since)
    # The Job controller's last word on this Job: Complete.
    finished = [
        write
        for write in writes
        if write.resource == "jobs/status" and write.name == job.name and write.received <= proven.received
    ][-1]
    report.figure("Job finished to status", milliseconds(proven.answered - finished.answered), log)

    release = next(write for write in operator if is_release(write))
    report.figure("Ready to release", milliseconds(release.answered - proven.answered), log)

    counted = [write for write in operator if write.resource.split("/")[0] not in ("events", "leases")]
    lines = [write for write in counted if is_waiting_for(write)]
    of_migration = [write for write in counted if write not in lines]
    report.figure("writes per successful migration", len(of_migration), f"{log}; the operator's, without events and leases:")
    for write in of_migration:
        report.figure("", "", f"  {log}: +{write.received - applied.answered:7.3f} s  {write}")
    report.figure("writes of 'waiting-for'", len(lines), f"{log}; one for each reason that a held workload shows:")
    for write in lines:
        report.figure("", "", f"  {log}: +{write.received - applied.answered:7.3f} s  {write}")


def is_release(write):
    return write.resource == "deployments" and "/spec/paused" in str(write.body)


def is_waiting_for(write):
    """A write of that line and nothing else: the release takes it away as well."""
    return write.resource == "deployments" and WAITING_FOR in str(write.body) and not is_release(write)


def of_operator(world):
    report = world.report
    time.sleep(IDLE_SECONDS)
    started, ready = (tidegate.log_time(message) for message in ("tidegate starts", "tidegate works"))
    report.figure("start to ready", milliseconds(ready - started), "times in the operator's log; with its Lease")
    size = os.environ.get("TIDEGATE_IMAGE_BYTES")
    if size:
        report.figure("image of operator and agent", f"{int(size) / 1e6:.1f} MB", "size of the compressed archive that buildah writes of it")
    resident, anonymous = tidegate.memory_mebibytes()
    report.figure("operator idle, RSS / RssAnon", f"{resident:.1f} / {anonymous:.1f} MiB", "VmRSS, RssAnon in /proc/PID/status of its process")
