/**
 * The environment for programs of cctools. Debian 12's makeflow is linked with Open MPI, which is not needed here. With these
 * settings it starts no daemon, needs no ssh, and opens no port on all interfaces. `ob1` is named because without a name Open MPI
 * looks for fast networks at each start, which takes 0.2 s. Its library hwloc would look at all processors, PCI devices and X
 * servers (8 ms of CPU of 28); `no_os,stop` makes it look at nothing. Open MPI makes a directory and never removes it. In /tmp another user
 * may have taken its name, and then makeflow does not start.
 * @param directory for that directory; the caller removes it
 */
export const openMpi = (directory: string) => ({
  OMPI_MCA_ess_singleton_isolated: '1',
  OMPI_MCA_pml: 'ob1',
  OMPI_MCA_btl: 'self',
  HWLOC_COMPONENTS: 'no_os,stop',
  OMPI_MCA_orte_tmpdir_base: directory,
});
