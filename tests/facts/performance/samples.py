"""Performance files of own making, in the layouts of 3GPP, OMeS and CSV, with the figures that they give."""

from __future__ import annotations

HEAD = '<fileHeader fileFormatVersion="32.435 V10.0" dnPrefix="DC=example"><fileSender localDn="ManagedElement=hn"/>\
<measCollec beginTime="2022-04-25T06:00:00+07:00"/></fileHeader>'

#: Values beside their places, a NULL, an element without any, a counter that no figure needs.
PLACES = f"""<?xml version="1.0" encoding="UTF-8"?>
<measCollecFile xmlns="http://www.3gpp.org/ftp/specs/archive/32_series/32.435#measCollec">
{HEAD}
<measData>
<managedElement localDn="ManagedElement=hn"/>
<measInfo measInfoId="access">
<granPeriod duration="PT900S" endTime="2022-04-25T06:15:00+07:00"/>
<measType p="1">RRC.ConnEstabSucc.sum</measType>
<measType p="2">RRC.ConnEstabAtt.sum</measType>
<measType p="3">XYZ.Unknown</measType>
<measValue measObjLdn="ENodeBFunction=1,EUtranCellFDD=A">
<r p="1">480</r>
<r p="2">500</r>
<r p="3">1</r>
</measValue>
<measValue measObjLdn="ENodeBFunction=1,EUtranCellFDD=B">
<r p="1">NULL</r>
<r p="2">500</r>
<r p="3">1</r>
</measValue>
</measInfo>
<measInfo measInfoId="load">
<granPeriod duration="PT15M" endTime="2022-04-25T06:15:00+07:00"/>
<measType p="1">RRU.PrbTotDl</measType>
<measValue measObjLdn="ENodeBFunction=1,EUtranCellFDD=A">
<r p="1">85</r>
</measValue>
<measValue measObjLdn="ENodeBFunction=1,EUtranCellFDD=B">
<r p="1">12</r>
<suspect>true</suspect>
</measValue>
</measInfo>
</measData>
<fileFooter>
<measCollec endTime="2022-04-25T06:15:00+07:00"/>
</fileFooter>
</measCollecFile>
"""

#: Values in lists; a cell in two objects, one of the distributed and one of the central unit; two managed elements.
LISTS = """<?xml version="1.0" encoding="UTF-8"?>
<md:measDataFile xmlns:md="http://www.3gpp.org/ftp/specs/archive/28_series/28.532#measData">
<md:fileHeader fileFormatVersion="28.532 V17" dnPrefix="DC=example">
<md:measData beginTime="2022-04-24T23:00:00Z"/></md:fileHeader>
<md:measData>
<md:measEntity localDn="ManagedElement=g1"/>
<md:measInfo>
<md:granPeriod duration="PT15M" endTime="2022-04-24T23:15:00Z"/>
<md:measTypes>RRU.PrbTotDl DRB.UEThpDl</md:measTypes>
<md:measValue measObjLdn="ManagedElement=g1,GNBDUFunction=1,NRCellDU=A">
<md:measResults>85 20000.5</md:measResults>
</md:measValue>
<md:measValue measObjLdn="ManagedElement=g1,GNBDUFunction=1">
<md:measResults>1 2</md:measResults>
</md:measValue>
</md:measInfo>
</md:measData>
<md:measData>
<md:measEntity localDn="ManagedElement=g1"/>
<md:measInfo>
<md:granPeriod duration="PT15M" endTime="2022-04-24T23:15:00Z"/>
<md:measTypes>RRC.ConnEstabSucc RRC.ConnEstabAtt</md:measTypes>
<md:measValue measObjLdn="GNBCUCPFunction=1,NRCellCU=A">
<md:measResults>480 500</md:measResults>
</md:measValue>
<md:measValue measObjLdn="GNBCUCPFunction=1,NRCellCU=B">
<md:measResults>0 0</md:measResults>
</md:measValue>
</md:measInfo>
</md:measData>
<md:fileFooter><md:measData endTime="2022-04-24T23:15:00Z"/></md:fileFooter>
</md:measDataFile>
"""

OMES = """<?xml version="1.0" encoding="UTF-8"?>
<OMeS xmlns="pm/cnf_lte_nsn.1.0.xsd">
<PMSetup startTime="2022-04-25T06:00:00.000+07:00:00" interval="15">
<PMMOResult>
<MO dimension="network_element"><DN><![CDATA[PLMN-PLMN/MRBTS-1/LNBTS-1/LNCEL-A]]></DN></MO>
<PMTarget measurementType="LTE_Cell_Load">
<M8001C199>40</M8001C199>
<M8011C37>853</M8011C37>
</PMTarget>
</PMMOResult>
<PMMOResult>
<MO dimension="network_element"><DN>PLMN-PLMN/MRBTS-1/LNBTS-1/LNCEL-A</DN></MO>
<MO dimension="operator"><DN>PLMN-PLMN/MCC-452/MNC-4</DN></MO>
<PMTarget measurementType="LTE_Cell_Load">
<M8001C199>7</M8001C199>
</PMTarget>
</PMMOResult>
</PMSetup>
</OMeS>
"""

_NAME = '"S1/Cell:eNodeB Function Name=S1, Local Cell ID=1, Cell Name={}, eNodeB ID=5006"'
_COUNTERS = "L.RRC.ConnReq.Succ,L.RRC.ConnReq.Att,L.Traffic.User.Avg,X"
CSV = f"""Result Time,Granularity Period,Object Name,Reliability,{_COUNTERS}
,min,,,,,,
2022-04-25 06:00,15,{_NAME.format("A")},Reliable,480,500,40,1
2022-04-25 06:00,15,{_NAME.format("B")},Unreliable,480,500,40,1
"""
