# SPDX-License-Identifier: BSD-2-Clause
"""Brings the modules together whose functions are workloads."""

import web  # noqa: F401  pylint: disable=unused-import
import net  # noqa: F401  pylint: disable=unused-import
import data  # noqa: F401  pylint: disable=unused-import
import remote  # noqa: F401  pylint: disable=unused-import
import linked  # noqa: F401  pylint: disable=unused-import
