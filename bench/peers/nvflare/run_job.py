"""usage: run_job.py ADMIN_KIT JOB CLIENTS: runs a job once that many clients have registered; fails when it does."""
import sys
import time

from nvflare.fuel.flare_api.flare_api import new_secure_session

kit, job, clients = sys.argv[1], sys.argv[2], int(sys.argv[3])
session = new_secure_session("admin@nvidia.com", kit, timeout=60)
try:
    while len(session.get_system_info().client_info) < clients:
        time.sleep(0.5)
    status = session.wait_for_job(session.submit_job(job))["status"]
finally:
    session.close()
if status != "FINISHED:COMPLETED":
    sys.exit(f"the job ended as {status}")
