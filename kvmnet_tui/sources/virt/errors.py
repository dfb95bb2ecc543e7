"""What libvirt's errors mean for somebody who cannot connect."""

import errno

import libvirt

from kvmnet_tui.model.state import Problem
from kvmnet_tui.sources.virt.failure import Failure

GONE = frozenset({libvirt.VIR_ERR_NO_NETWORK, libvirt.VIR_ERR_NO_DOMAIN})

_BY_CODE = {
    libvirt.VIR_ERR_AUTH_FAILED: Problem.NO_RIGHTS,
    libvirt.VIR_ERR_AUTH_CANCELLED: Problem.NO_RIGHTS,
    libvirt.VIR_ERR_AUTH_UNAVAILABLE: Problem.NO_RIGHTS,
    libvirt.VIR_ERR_OPERATION_DENIED: Problem.NO_RIGHTS,
    libvirt.VIR_ERR_ACCESS_DENIED: Problem.NO_RIGHTS,
    libvirt.VIR_ERR_NO_CONNECT: Problem.BAD_URI,
    libvirt.VIR_ERR_INVALID_ARG: Problem.BAD_URI,
    libvirt.VIR_ERR_XML_ERROR: Problem.BAD_URI,  # test:///FILE that is not there or not XML
    libvirt.VIR_ERR_XML_DETAIL: Problem.BAD_URI,
}

_BY_ERRNO = {
    errno.ENOENT: Problem.NOT_RUNNING,
    errno.ECONNREFUSED: Problem.NOT_RUNNING,
    errno.EACCES: Problem.NO_RIGHTS,
    errno.EPERM: Problem.NO_RIGHTS,
    errno.ECONNRESET: Problem.NOT_ANSWERING,
    errno.ETIMEDOUT: Problem.NOT_ANSWERING,
    errno.EHOSTUNREACH: Problem.NOT_ANSWERING,
    errno.ENETUNREACH: Problem.NOT_ANSWERING,
    errno.EIO: Problem.CONNECTION_LOST,
    errno.EPIPE: Problem.CONNECTION_LOST,
    errno.ENOTCONN: Problem.CONNECTION_LOST,
}


def failure_of(error: libvirt.libvirtError) -> Failure:
    """Sort an error into the problems a user can do something about."""
    return Failure(_problem_of(error), (error.get_error_message() or str(error)).strip())


def _problem_of(error: libvirt.libvirtError) -> Problem:
    if error.get_error_domain() == libvirt.VIR_FROM_URI:
        return Problem.BAD_URI
    code = error.get_error_code()
    if code == libvirt.VIR_ERR_SYSTEM_ERROR:
        return _BY_ERRNO.get(error.get_int1(), Problem.FAILED)
    return _BY_CODE.get(code, Problem.FAILED)
