/**
 * Lines that are frequent in logs of simulation and reconstruction. search.ts searches for the parts of a text that are rare
 * here. Only the speed of the search depends on it.
 */
export const COMMON_TEXT = `
I-AliReconstruction::ProcessEvent: event 1234, 567 tracks, number of clusters: 12345 in 0.1234 s
W-AliTPCRawStream::Next: invalid header word 0x12345678 in equipment 123, W-AliITSReconstructor::Reconstruct:
D-AliCDBManager::Get: TPC/Calib/Pedestals local:///cvmfs/alice-ocdb.cern.ch/2010/OCDB/Run0_999999999_v1_s0.root
I-AliSimulation::Run: I-AliCDBManager::Init: I-AliESDEvent::Reset: I-AliRunDigitizer: W-AliTRDtracker: W-AliMUON: I-AliLog
Warning in <TClass::Init>: no dictionary for class AliDigit is available
Info in <TCanvas::Print>: file has been created    Info in <TFile::Open>:
Processing event 123 ... done, memory 123456 kB virtual 234567 kB real time 0:00:01, CP time 1.230
============================================================ ------------------------------------ ************************
[INFO] [DEBUG] [WARN] [info] [STATE] [1234:tpc-tracker]: [10:11:12] received message, timeslice 12, created data processor
Begin processing the 1st record. Run 1, Event 1, LumiSection 1 on stream 0 at 12-Feb-2026 10:56:36.607 CET
%MSG-w %MSG-i %MSG  TrackProducer: reading configuration from file, loading library, opening connection, 100 % complete
EventLoopMgr     INFO  SUCCESS  Service base class initialized successfully   DEBUG   WARNING message limit reached
G4WT1 > G4WT2 > physics list: particle process transportation step energy deposit in detector volume MeV cm ns
python root executable started finished written to the and for with from this that which is are not been has have will
name value size total entries histogram tree branch output input files found merge merged target source list of objects
`;
