-- What a job's voxels and bytes depend on beside its inputs and options. A program goes on with a job where its own revision
-- and codec libraries are these, whatever its version is called. Jobs before this column were of revision 1, and had the
-- libraries behind the version.
ALTER TABLE job ADD COLUMN voxel_revision INTEGER NOT NULL DEFAULT 1 CHECK (voxel_revision > 0);
ALTER TABLE job ADD COLUMN codec_libraries TEXT NOT NULL DEFAULT '';
UPDATE job SET codec_libraries = substr(program_version, instr(program_version, ', ') + 2)
WHERE instr(program_version, ', ') > 0;
