/** The agency that stands for another city's centre, which takes who has waited too long here. */
export const backupCentreId = 'backup-centre';
