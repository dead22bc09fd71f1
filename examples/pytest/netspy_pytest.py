# SPDX-License-Identifier: BSD-2-Clause
"""A plugin for pytest: the captures of failed tests, each in a folder.

    LD_PRELOAD=$(pkg-config --variable=preload netspy) \\
        pytest -p netspy_pytest --netspy-dir captures

Each test runs in a forked process of its own, which netspy gives a capture of
its own, as it does with the programs that the test starts.
"""

import os
import pickle
import re
import shutil
import tempfile

from _pytest.runner import runtestprotocol


def pytest_addoption(parser):
    parser.addoption("--netspy-dir", metavar="FOLDER",
                     help="keep the captures of failed tests there")


def pytest_configure(config):
    folder = config.getoption("--netspy-dir")
    if folder and "netspy" not in os.environ.get("LD_PRELOAD", ""):
        raise SystemExit("netspy_pytest: LD_PRELOAD does not have netspy")


def in_child(item, folder):
    """The reports of the test, and its captures in the folder."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        # For the programs that the test starts; this process has the
        # settings that it was started with.
        os.environ["NETSPY_DIR"] = folder
        reports = runtestprotocol(item, log=False)
        data = [item.config.hook.pytest_report_to_serializable(
            config=item.config, report=report) for report in reports]
        with open(theirs, "wb") as pipe:
            pickle.dump(data, pipe)
        os._exit(0)
    os.close(theirs)
    with open(ours, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    own = [name for name in os.listdir(start)
           if re.search("_%d(_[0-9]+)?[.]pcap(ng)?" % child, name)]
    for name in own:
        shutil.move(os.path.join(start, name), folder)
    return data, status


start = os.path.abspath(os.environ.get("NETSPY_DIR", "."))


def pytest_runtest_protocol(item, nextitem):
    target = item.config.getoption("--netspy-dir")
    if not target:
        return None
    folder = tempfile.mkdtemp(prefix="netspy-")
    data, status = in_child(item, folder)
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid,
                                       location=item.location)
    if not data:
        raise RuntimeError("%s ended with status %d" % (item.nodeid, status))
    reports = [item.config.hook.pytest_report_from_serializable(
        config=item.config, data=each) for each in pickle.loads(data)]
    if any(report.failed for report in reports) and os.listdir(folder):
        kept = os.path.join(target, re.sub("[^A-Za-z0-9_.-]+", "-",
                                           item.nodeid))
        os.makedirs(target, exist_ok=True)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.move(folder, kept)
        reports[-1].sections.append(("netspy", kept))
    else:
        shutil.rmtree(folder)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid,
                                        location=item.location)
    return True
